import math

import numpy as np
import pytest
import torch

from dermdistill.config import AugmentRecipe
from dermdistill.data import artefacts
from dermdistill.data.augment import Augment

NOTHING = AugmentRecipe(
    rotate=False, flip=False, scale=0, shift=0, brightness=0, contrast=0, saturation=0, channel=0
)


def images(count: int = 8, side: int = 16) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).random((count, 3, side, side), dtype=np.float32))


def augmented(recipe: AugmentRecipe, given: torch.Tensor, seed: int = 0) -> torch.Tensor:
    (changed,) = Augment(recipe)(given, torch.Generator().manual_seed(seed), given.shape[-1])
    return changed


def test_nothing_asked_nothing_changed() -> None:
    assert torch.allclose(augmented(NOTHING, images()), images(), atol=1e-6)


def test_shape_and_range_stay() -> None:
    result = augmented(AugmentRecipe(brightness=0.9, contrast=0.9), images())
    assert result.shape == images().shape
    assert result.min() >= 0
    assert result.max() <= 1


def test_the_generator_decides() -> None:
    recipe = AugmentRecipe()
    assert torch.equal(augmented(recipe, images(), 1), augmented(recipe, images(), 1))
    assert not torch.equal(augmented(recipe, images(), 1), augmented(recipe, images(), 2))


def test_compression_comes_last() -> None:
    recipe = NOTHING.model_copy(update={"brightness": 0.5, "jpeg": 1.0})
    plain = NOTHING.model_copy(update={"brightness": 0.5})
    generator = torch.Generator().manual_seed(0)
    (brightened,) = Augment(plain)(images(), generator, 16)
    drawn = torch.rand(8, 3, generator=generator)
    assert torch.equal(augmented(recipe, images()), artefacts.jpeg(brightened, 1.0, drawn))


def test_networks_of_several_sizes_see_the_same_change_compressed_in_their_own_size() -> None:
    given = artefacts.resized(images(64, 12), 48)
    recipe = AugmentRecipe(jpeg=0.5)
    small, large = Augment(recipe)(given, torch.Generator().manual_seed(0), 24, 48)
    alone = [Augment(recipe)(given, torch.Generator().manual_seed(0), size)[0] for size in (24, 48)]
    assert torch.equal(small, alone[0])
    assert torch.equal(large, alone[1])
    (bare,) = Augment(AugmentRecipe())(given, torch.Generator().manual_seed(0), 48)
    lost_in_small = (small - artefacts.resized(bare, 24)).abs().amax(dim=(1, 2, 3))
    lost_in_large = (large - bare).abs().amax(dim=(1, 2, 3))
    compressed = lost_in_small > 0.01
    assert 0.3 < compressed.float().mean() < 0.7
    assert torch.equal(compressed, lost_in_large > 0.01)
    # What a network of 24 pixels sees of the compression at 48 is less.
    made_smaller = (artefacts.resized(large, 24) - artefacts.resized(bare, 24)).abs().mean()
    assert made_smaller < 0.7 * (small - artefacts.resized(bare, 24)).abs().mean()


def test_flips_are_the_four_mirror_images() -> None:
    given = images(64)
    result = augmented(NOTHING.model_copy(update={"flip": True}), given)
    seen = set()
    for before, after in zip(given, result, strict=True):
        mirrors = [before, before.flip(1), before.flip(2), before.flip(1, 2)]
        matches = [i for i, mirror in enumerate(mirrors) if torch.allclose(mirror, after, atol=1e-5)]
        assert len(matches) == 1
        seen.update(matches)
    assert seen == {0, 1, 2, 3}


def test_stretching_enlarges_width_and_height_each_on_its_own() -> None:
    """A square in the middle becomes a rectangle; its sides are those of the square times 1 to 4/3."""
    side = 96
    given = torch.zeros(100, 3, side, side)
    given[:, :, 24:72, 24:72] = 1.0
    result = augmented(NOTHING.model_copy(update={"stretch": 1 / 3}), given)[:, 0]
    heights, widths = result[:, :, side // 2].sum(dim=1), result[:, side // 2, :].sum(dim=1)
    for sides in (heights, widths):
        assert 48 <= sides.min() + 0.01 < 52
        assert 60 < sides.max() <= 64.5
    assert abs(np.corrcoef(heights, widths)[0, 1]) < 0.5


def test_stretching_follows_the_photographs_own_axes_however_it_is_turned() -> None:
    """Turned, an enlarged square stays a rectangle: stretching after the turn would shear it."""
    side = 193
    given = torch.zeros(50, 3, side, side)
    given[:, :, 72:121, 72:121] = 1.0
    result = augmented(NOTHING.model_copy(update={"stretch": 1.0, "rotate": True}), given)[:, 0]
    rows, columns = torch.meshgrid(torch.arange(side) - 96.0, torch.arange(side) - 96.0, indexing="ij")
    squared = rows**2 + columns**2
    for image in result:
        # Of a rectangle both diagonals are sqrt(width^2 + height^2); a sheared square's longer one is longer.
        both_sides = 12 * float((image * squared).sum() / image.sum())
        diagonal = 2 * float(squared[image > 0.5].max().sqrt())
        assert diagonal == pytest.approx(both_sides**0.5, rel=0.03)


def test_rotation_takes_any_angle_and_keeps_the_centre() -> None:
    side = 33
    given = torch.zeros(200, 3, side, side)
    given[:, :, side // 2, -4:] = 1.0  # a mark at the right edge
    result = augmented(NOTHING.model_copy(update={"rotate": True}), given)
    rows, columns = torch.meshgrid(
        torch.arange(side) - side // 2, torch.arange(side) - side // 2, indexing="ij"
    )
    mass = result[:, 0] / result[:, 0].sum(dim=(1, 2), keepdim=True)
    angles = torch.atan2((mass * rows).sum(dim=(1, 2)), (mass * columns).sum(dim=(1, 2)))
    eighths = torch.histc(angles, bins=8, min=-math.pi, max=math.pi)
    assert (eighths > 5).all()


def test_colours_by_hand() -> None:
    """Contrast is about the image's own mean, so a flat image only gets the brightness."""
    flat = torch.full((50, 3, 4, 4), 0.4)
    result = augmented(NOTHING.model_copy(update={"brightness": 0.25, "contrast": 0.5}), flat)
    factors = result[:, 0, 0, 0] / 0.4
    assert torch.allclose(result, result[:, :1, :1, :1].expand_as(result), atol=1e-6)
    assert factors.min() >= 0.75 - 1e-6
    assert factors.max() <= 1.25 + 1e-6
    assert factors.std() > 0.1


def test_saturation_keeps_grey_grey_and_luminance() -> None:
    luminance = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    given = images() * 0.4 + 0.3
    result = augmented(NOTHING.model_copy(update={"saturation": 0.5}), given)
    assert torch.allclose((result * luminance).sum(1), (given * luminance).sum(1), atol=1e-5)
    grey = torch.full((4, 3, 4, 4), 0.6)
    assert torch.allclose(augmented(NOTHING.model_copy(update={"saturation": 0.5}), grey), grey, atol=1e-6)


@pytest.mark.parametrize("field", ["rotate", "scale", "shift", "contrast", "channel"])
def test_every_entry_changes_something(field: str) -> None:
    recipe = NOTHING.model_copy(update={field: getattr(AugmentRecipe(), field)})
    assert not torch.allclose(augmented(recipe, images()), images(), atol=1e-3)
