from dermdistill.config import AugmentRecipe
from dermdistill.pipeline.cells import _shaping


def test_entries_that_came_later_leave_older_runs_their_identity() -> None:
    first = {"rotate", "flip", "scale", "shift", "brightness", "contrast", "saturation", "channel"}
    assert set(_shaping(AugmentRecipe())) == first
    assert set(_shaping(AugmentRecipe(flip=False, scale=0, hair=0.1))) == {*first, "hair"}
