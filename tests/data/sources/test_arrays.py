import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dermdistill.data.sources import arrays
from dermdistill.data.splits import split
from dermdistill.errors import UserError
from dermdistill.reading import Reading

COUNTS = {"benign_train": 12, "malign_train": 8, "benign_test": 4, "malign_test": 3}


def images(count: int, seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, 6, 5, 3), dtype=np.uint8)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for seed, (name, count) in enumerate(COUNTS.items()):
        np.save(tmp_path / f"{name}.npy", images(count, seed))
    return tmp_path


def test_records(root: Path) -> None:
    data = arrays.read(root)
    assert data.layout == "arrays"
    assert [(r.diagnosis, r.split) for r in data.records] == (
        [("benign", None)] * 12
        + [("melanoma", None)] * 8
        + [("benign", "test")] * 4
        + [("melanoma", "test")] * 3
    )
    assert len({record.image_id for record in data.records}) == 27
    assert data.notes[0] == "malignant means melanoma in these arrays"
    assert data.notes[1].startswith("27 of 27 images have no lesion id")


def test_the_user_may_say_what_malignant_means(root: Path) -> None:
    data = arrays.read(root, Reading({"malign": "basal cell carcinoma", "benign": "nevus"}))
    assert {record.diagnosis for record in data.records} == {"basal cell carcinoma", "nevus"}
    assert data.names == {"benign": 16, "malign": 11}


def test_pixels_are_those_of_the_array(root: Path) -> None:
    record = arrays.read(root).records[12 + 3]
    assert record.image_id == "malign_train-00003"
    assert record.image.name == f"{root / 'malign_train.npy'}[3]"
    assert np.array_equal(record.image.decode(), images(8, seed=1)[3])


def test_digest_follows_the_pixels(root: Path) -> None:
    records = arrays.read(root).records
    before = [record.image.digest() for record in records]
    assert len(set(before)) == 27
    changed = images(12, seed=0)
    changed[5] += 1
    np.save(root / "benign_train.npy", changed)
    after = [record.image.digest() for record in records]
    assert [one != other for one, other in zip(before, after, strict=True)] == [i == 5 for i in range(27)]


def test_the_test_arrays_are_the_test_split(root: Path) -> None:
    records = arrays.read(root).records
    splits = split(records, seed=10, fractions=(0.7, 0.1, 0.2))
    assert [name == "test" for name in splits] == [record.split == "test" for record in records]
    assert set(splits) == {"train", "val", "test"}


def test_copies_of_training_images_are_counted_and_kept(root: Path) -> None:
    assert not any("copies" in note for note in arrays.read(root).notes)
    test = images(4, seed=2)
    test[0], test[2] = images(12, seed=0)[5], images(8, seed=1)[7]
    test[1] = images(12, seed=0)[5]
    test[3] = images(12, seed=0)[6]
    test[3, 0, 0, 0] ^= 1
    np.save(root / "benign_test.npy", test)
    data = arrays.read(root)
    assert data.notes[-1] == (
        "3 of 7 test images are exact copies of training images, which flatters the results"
    )
    assert len(data.records) == 27
    assert split(data.records, seed=10).count("test") == 7


def test_copies_are_found_in_whatever_order_an_array_is_stored(root: Path) -> None:
    np.save(root / "malign_test.npy", np.asfortranarray(images(8, seed=1)[:3]))
    assert arrays.read(root).notes[-1].startswith("3 of 7 test images are exact copies")


def test_missing_arrays_are_named(root: Path) -> None:
    (root / "benign_test.npy").unlink()
    (root / "malign_test.npy").unlink()
    with pytest.raises(UserError, match=r"benign_test\.npy, malign_test\.npy missing"):
        arrays.read(root)


def npy(array: NDArray[np.generic]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy(np.array([[1], "code"], dtype=object)), "cannot read the array"),
        (pickle.dumps([1, 2, 3]), "cannot read the array"),
        (b"", "cannot read the array"),
        (npy(images(3, 0))[:-10], "cannot read the array"),
        (npy(images(3, 0)[0]), r"the array is uint8 \(6, 5, 3\)"),
        (npy(images(3, 0) > 9), r"the array is bool \(3, 6, 5, 3\)"),
        (npy(images(3, 0)[..., [0, 1, 2, 0]]), r"the array is uint8 \(3, 6, 5, 4\)"),
        (npy(images(3, 0) * 1.5), "numbers go from .* neither 0 to 255 nor 0 to 1"),
        (npy(images(3, 0) / 127.5 - 1), "numbers go from .* neither 0 to 255 nor 0 to 1"),
        (npy(images(3, 0) / 64), "numbers go from .* neither 0 to 255 nor 0 to 1"),
        (npy(images(3, 0).astype(np.int64) // 128), "numbers go from 0 to 1, neither"),
        (npy(np.where(images(3, 0) > 9, np.nan, 1.0)), "holds values that are not numbers"),
        (npy(images(3, 0).transpose(0, 3, 1, 2).copy()), r"the array is uint8 \(3, 3, 6, 5\)"),
        (npy(images(3, 0)[:0]), r"the array is uint8 \(0, 6, 5, 3\)|cannot read the array"),
    ],
    ids=[
        *("objects", "pickle", "empty", "truncated", "one-image", "booleans", "four-channels", "above-255"),
        *("negative", "up-to-4", "mask", "not-numbers", "channels-first", "no-images"),
    ],
)
def test_other_arrays_are_refused(content: bytes, message: str, root: Path) -> None:
    (root / "malign_train.npy").write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        arrays.read(root)
    assert str(caught.value).startswith(str(root / "malign_train.npy"))


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (images(3, 0).astype(np.float64), images(3, 0)),
        (images(3, 0).astype(np.int32), images(3, 0)),
        ((images(3, 0) / 255).astype(np.float32), images(3, 0)),
        (images(3, 0)[..., 0], images(3, 0)[..., [0, 0, 0]]),
        (images(3, 0)[..., :1] / 255, images(3, 0)[..., [0, 0, 0]]),
    ],
    ids=["float-to-255", "int32", "float-to-1", "grey", "grey-float-one-channel"],
)
def test_numbers_that_are_plainly_images(
    stored: NDArray[np.generic], shown: NDArray[np.uint8], root: Path
) -> None:
    np.save(root / "malign_train.npy", stored)
    records = [r for r in arrays.read(root).records if r.image_id.startswith("malign_train")]
    assert np.array_equal([record.image.decode() for record in records], shown)
