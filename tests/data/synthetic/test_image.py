import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from dermdistill.data.synthetic import image as image_module
from dermdistill.data.synthetic.image import SyntheticImage

IMAGE = SyntheticImage(seed=4, lesion=7, view=0, size=64, difficulty=0.5, melanoma=True)


def test_an_image_is_rgb_uint8_of_the_size_asked_for() -> None:
    for size in (32, 51, 224):
        pixels = replace(IMAGE, size=size).decode()
        assert pixels.shape == (size, size, 3)
        assert pixels.dtype == np.uint8
        assert pixels.flags.c_contiguous
        assert pixels.std() > 5


def test_the_bytes_do_not_depend_on_what_was_drawn_before_nor_on_the_process() -> None:
    first = IMAGE.decode()
    for lesion in range(5):
        replace(IMAGE, lesion=lesion).decode()
    np.testing.assert_array_equal(IMAGE.decode(), first)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        np.testing.assert_array_equal(pool.submit(IMAGE.decode).result(), first)


def test_pickling_keeps_the_image() -> None:
    copy = pickle.loads(pickle.dumps(IMAGE))
    assert copy == IMAGE
    np.testing.assert_array_equal(copy.decode(), IMAGE.decode())


@pytest.mark.parametrize(
    "change", [{"seed": 5}, {"lesion": 8}, {"view": 1}, {"difficulty": 0.1}, {"melanoma": False}]
)
def test_every_number_changes_the_pixels_and_the_digest(change: dict[str, int | float | bool]) -> None:
    other = replace(IMAGE, **change)  # type: ignore[arg-type]
    assert other.digest() != IMAGE.digest()
    assert not np.array_equal(other.decode(), IMAGE.decode())


def test_the_digest_names_size_and_drawing_version(monkeypatch: pytest.MonkeyPatch) -> None:
    assert IMAGE.digest() == replace(IMAGE).digest()
    assert replace(IMAGE, size=65).digest() != IMAGE.digest()
    before = IMAGE.digest()
    monkeypatch.setattr(image_module, "DRAWING_VERSION", image_module.DRAWING_VERSION + 1)
    assert IMAGE.digest() != before


def test_the_name_says_what_it_is() -> None:
    assert IMAGE.name == "synthetic lesion 7, view 0 (seed 4)"


def test_views_show_the_same_criteria() -> None:
    assert replace(IMAGE, view=1).criteria() == IMAGE.criteria()
    assert replace(IMAGE, lesion=8).criteria() != IMAGE.criteria()


def test_another_size_shows_the_same_picture() -> None:
    for lesion in range(8):
        small = replace(IMAGE, lesion=lesion, size=48).decode().astype(float)
        large = replace(IMAGE, lesion=lesion, size=96).decode().astype(float)
        shrunk = large.reshape(48, 2, 48, 2, 3).mean(axis=(1, 3))
        assert np.corrcoef(small.ravel(), shrunk.ravel())[0, 1] > 0.93
