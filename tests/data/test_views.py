from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from filelock import FileLock

from dermdistill.config import AugmentRecipe
from dermdistill.data import views as views_module
from dermdistill.data.artefacts import resized
from dermdistill.data.cache import decoded_path
from dermdistill.data.loader import LabelledPixels
from dermdistill.data.views import Views
from dermdistill.errors import UserError

SIZE = 12
RECIPE = AugmentRecipe(views=3, hair=0.5, blur=0.05)
ROWS = np.arange(0, 140, 2)


@pytest.fixture(autouse=True)
def decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """150 decoded images in a cache of their own; this process makes the views itself."""
    monkeypatch.setenv("DERMDISTILL_CACHE", str(tmp_path))
    monkeypatch.setattr(views_module, "default_workers", lambda: 1)
    pixels = np.random.default_rng(0).integers(0, 256, (150, SIZE, SIZE, 3), dtype=np.uint8)
    np.save(decoded_path("images-of-a-test"), pixels)
    return pixels


def made(recipe: AugmentRecipe = RECIPE, rows: np.ndarray = ROWS) -> Views:
    return Views("images-of-a-test", rows, SIZE, recipe, (SIZE,))


def test_a_view_holds_every_training_image_changed(decoded: np.ndarray) -> None:
    first, second = made().of(0, SIZE), made().of(1, SIZE)
    assert first.shape == (70, SIZE, SIZE, 3)
    assert first.dtype == np.uint8
    assert all((first[i] != decoded[row]).any() for i, row in enumerate(ROWS))
    assert all((first[i] != second[i]).any() for i in range(70))


def test_networks_of_two_sizes_see_the_same_view_compressed_in_their_own_size(tmp_path: Path) -> None:
    recipe, half = RECIPE.model_copy(update={"jpeg": 1.0}), SIZE // 2
    both = replace(made(recipe), sizes=(half, SIZE))
    assert both.of(1, half).shape == (70, half, half, 3)
    # Whoever makes them: a network of one size alone sees the same.
    np.testing.assert_array_equal(both.of(1, SIZE), made(recipe).of(1, SIZE))
    alone = replace(both, sizes=(half,))
    kept = np.array(both.of(1, half))
    next(tmp_path.glob(f"views-*/001-{half}px.npy")).unlink()
    np.testing.assert_array_equal(alone.of(1, half), kept)
    # Not what is left of the compression of the larger one.
    bare = replace(made(), sizes=(half,)).of(1, half).astype(float)
    larger = torch.from_numpy(np.array(both.of(1, SIZE))).permute(0, 3, 1, 2).float()
    smaller = resized(larger, half).permute(0, 2, 3, 1).numpy()
    assert np.abs(kept - bare).mean() > 1.5 * np.abs(smaller - bare).mean()


def test_a_size_that_no_network_has_is_refused() -> None:
    with pytest.raises(ValueError, match=r"views of \(12,\) pixels, not of 6"):
        made().of(0, 6)


def test_without_changes_a_view_is_the_images_in_order(decoded: np.ndarray) -> None:
    same = AugmentRecipe(
        rotate=False, flip=False, scale=0, shift=0, brightness=0, contrast=0, saturation=0, channel=0, views=1
    )
    np.testing.assert_array_equal(made(same).of(0, SIZE), decoded[ROWS])


def test_views_made_again_or_by_worker_processes_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = np.array(made().of(2, SIZE))
    next(tmp_path.glob("views-*/002.npy")).unlink()
    monkeypatch.setattr(views_module, "default_workers", lambda: 2)
    np.testing.assert_array_equal(made().of(2, SIZE), before)


def test_more_views_keep_those_that_are_there(tmp_path: Path) -> None:
    made().of(0, SIZE)
    (folder,) = tmp_path.glob("views-*")
    times = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.npy")}
    made(RECIPE.model_copy(update={"views": 5})).of(4, SIZE)
    assert sorted(path.name for path in folder.glob("*.npy")) == [f"{i:03}.npy" for i in range(5)]
    assert {name: (folder / name).stat().st_mtime_ns for name in times} == times


def test_other_images_or_changes_have_views_of_their_own(tmp_path: Path) -> None:
    made().of(0, SIZE)
    made(rows=ROWS[:-1]).of(0, SIZE)
    made(RECIPE.model_copy(update={"hair": 0.6})).of(0, SIZE)
    assert len(list(tmp_path.glob("views-*"))) == 3


def test_a_view_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    whole = np.array(made().of(0, SIZE))
    path = next(tmp_path.glob("views-*/000.npy"))
    path.write_bytes(path.read_bytes()[:500])
    np.testing.assert_array_equal(made().of(0, SIZE), whole)


def test_a_finished_view_is_used_while_another_process_makes_the_rest(tmp_path: Path) -> None:
    made().of(0, SIZE)
    (folder,) = tmp_path.glob("views-*")
    with FileLock(folder / ".lock"):
        assert len(made().of(1, SIZE)) == 70


def test_epochs_show_the_views_in_turn(decoded: np.ndarray) -> None:
    train = LabelledPixels(decoded, ROWS, ROWS % 3, tuple("ab" * 35))
    views = made()
    assert [views.index(epoch) for epoch in range(1, 6)] == [0, 1, 2, 0, 1]
    shown = views.labelled(train, 5, SIZE)
    np.testing.assert_array_equal(shown.pixels[shown.rows], views.of(1, SIZE))
    assert (shown.labels.tolist(), shown.sources) == (train.labels.tolist(), train.sources)


def test_too_little_space_is_said_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dermdistill.data.cache.shutil.disk_usage", lambda folder: SimpleNamespace(free=10))
    with pytest.raises(UserError, match=r"the views of the training images need 0\.0 GB .*DERMDISTILL_CACHE"):
        made().of(0, SIZE)
    assert not list(tmp_path.glob("views-*/*.npy"))
