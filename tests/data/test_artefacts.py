import io
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image

from dermdistill.data import artefacts

Artefact = Callable[[torch.Tensor, float, torch.Generator], torch.Tensor]


def noise(count: int = 8, side: int = 32) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).random((count, 3, side, side), dtype=np.float32))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def jpeg(images: torch.Tensor, share: float, generator: torch.Generator) -> torch.Tensor:
    return artefacts.jpeg(images, share, torch.rand(len(images), 3, generator=generator))


def changed(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Which images differ ``(N,)``; a far-off corner's sigmoid leaves a trace that no eye sees."""
    return (before - after).abs().amax(dim=(1, 2, 3)) > 0.02


@pytest.mark.parametrize(
    ("artefact", "given"),
    [
        (artefacts.hair, torch.ones(400, 3, 32, 32)),
        (artefacts.corners, torch.ones(400, 3, 32, 32)),
        (artefacts.frames, torch.ones(400, 3, 32, 32)),
        (artefacts.reflections, torch.zeros(400, 3, 32, 32)),
        (artefacts.stickers, torch.zeros(400, 3, 32, 32)),
        (jpeg, noise(400)),
    ],
)
def test_only_the_asked_share_of_images_changes(artefact: Artefact, given: torch.Tensor) -> None:
    share = changed(given, artefact(given, 0.3, seeded())).float().mean()
    assert 0.2 < share < 0.4
    assert not changed(given, artefact(given, 0.0, seeded())).any()


@pytest.mark.parametrize(
    ("artefact", "amount"),
    [
        *((artefacts.hair, 1.0), (artefacts.corners, 1.0), (artefacts.blur, 0.05), (jpeg, 1.0)),
        *((artefacts.frames, 1.0), (artefacts.reflections, 1.0), (artefacts.stickers, 1.0)),
    ],
)
def test_shape_range_and_the_generator(artefact: Artefact, amount: float) -> None:
    given = noise()
    kept = given.clone()
    result = artefact(given, amount, seeded(1))
    assert result.shape == given.shape
    assert result.min() >= 0
    assert result.max() <= 1
    assert torch.equal(given, kept)
    assert torch.equal(result, artefact(given, amount, seeded(1)))
    assert not torch.equal(result, artefact(given, amount, seeded(2)))


def test_a_frame_is_black_equally_wide_and_loses_nothing_of_the_photograph() -> None:
    side = 100
    framed = artefacts.frames(torch.ones(50, 3, side, side), 1.0, seeded())[:, 0]
    middle = side // 2
    for edge in (framed[:, middle, :middle], framed[:, middle, middle:], framed[:, :middle, middle]):
        share = (edge < 0.5).float().mean(dim=1)  # of half the side
        assert share.min() > 0.03
        assert share.max() <= 0.42
        assert share.max() > 0.3
    left, right = framed[:, middle, :middle], framed[:, middle, middle:].flip(1)
    assert torch.allclose(left, right, atol=1e-5)
    # What was at a quarter of the side is still there, nearer to the middle.
    line = torch.zeros(50, 3, side, side)
    line[:, :, :, 2:6] = 1
    assert (artefacts.frames(line, 1.0, seeded())[:, 0, middle].amax(dim=1) > 0.5).all()


def test_reflections_are_white_spots_on_the_photograph_itself() -> None:
    result = artefacts.reflections(torch.full((50, 3, 64, 64), 0.2), 1.0, seeded())
    spots = result > 0.8
    assert torch.equal(spots[:, 0], spots[:, 2])
    covered = spots[:, 0].float().mean(dim=(1, 2))
    assert 0 < covered.mean() < 0.1
    assert (result >= 0.2 - 1e-6).all()


def test_a_sticker_has_one_colour_and_leaves_the_middle_free() -> None:
    result = artefacts.stickers(torch.full((50, 3, 64, 64), 2.0), 1.0, seeded())
    for image in result:
        inside = image[:, image[0] <= 1]
        assert 0 < inside.shape[1] < 64 * 64 / 3
        of_one_colour = (inside - inside.median(dim=1, keepdim=True).values).abs().amax(dim=0) < 1e-6
        assert of_one_colour.float().mean() > 0.7  # all but the edge
        assert (image[:, 26:38, 26:38] == 2).all()


def test_blur_keeps_flat_images_and_means() -> None:
    flat = torch.full((4, 3, 32, 32), 0.4)
    assert torch.allclose(artefacts.blur(flat, 0.05, seeded()), flat, atol=1e-6)
    result = artefacts.blur(noise(), 0.05, seeded())
    assert (result.std(dim=(1, 2, 3)) <= noise().std(dim=(1, 2, 3)) + 1e-6).all()


def test_blur_of_a_point_is_the_gaussian() -> None:
    side, largest = 33, 0.06
    point = torch.zeros(1, 1, side, side)
    point[0, 0, 16, 16] = 1.0
    sigma = float(torch.rand(1, generator=seeded(3))) * largest * side
    expected = np.exp(-0.5 * (np.arange(-16, 17) / sigma) ** 2)
    reach = math.ceil(2.5 * largest * side)
    expected[np.abs(np.arange(-16, 17)) > reach] = 0
    expected /= expected.sum()
    result = artefacts.blur(point, largest, seeded(3))[0, 0].numpy()
    assert np.allclose(result, np.outer(expected, expected), atol=1e-6)


def test_corners_darken_the_corners_and_leave_the_middle() -> None:
    white = torch.ones(200, 3, 64, 64)
    result = artefacts.corners(white, 1.0, seeded())
    assert (result[:, :, 32, 32] > 0.999).all()
    assert (result[:, 0, 0, 0] < 0.5).float().mean() > 0.8
    assert result.mean(dim=(1, 2, 3)).min() > 0.5


def test_hairs_are_thin_and_dark() -> None:
    white = torch.ones(200, 3, 128, 128)
    result = artefacts.hair(white, 1.0, seeded())
    covered = (result[:, 0] < 0.5).float().mean(dim=(1, 2))
    assert covered.max() < 0.25
    assert (covered > 0.005).float().mean() > 0.8
    assert result.min() < 0.16


def test_compression_is_that_of_jpeg_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """As another library writes and reads them, at qualities from coarse to fine."""
    monkeypatch.setattr(artefacts, "_ENLARGED", (1.0, 1.0))
    y, x = np.mgrid[:48, :48]
    colours = (128 + 100 * np.sin(x * y / 60), 128 + 90 * np.cos(x / 3), 5 * y)
    pixels = np.stack(colours, axis=2).astype(np.uint8)
    given = (torch.from_numpy(pixels).permute(2, 0, 1) / 255)[None]
    for quality in (20, 50, 95):
        monkeypatch.setattr(artefacts, "_QUALITY", (quality, quality))
        found = 255 * jpeg(given, 1.0, seeded())[0].permute(1, 2, 0).numpy()
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
        expected = np.asarray(Image.open(buffer), dtype=np.float32)
        # The libraries thin out the colours in their own ways.
        assert np.abs(found - expected).mean() < 0.25 * np.abs(pixels - expected).mean()


def test_compression_keeps_a_flat_colour_and_the_place_of_things() -> None:
    flat = torch.tensor([0.8, 0.6, 0.5]).view(1, 3, 1, 1).expand(20, 3, 40, 40).contiguous()
    assert (jpeg(flat, 1.0, seeded()) - flat).abs().max() < 0.02
    spot = torch.zeros(20, 3, 41, 41)
    spot[:, :, 8:13, 28:33] = 1.0
    mass = (jpeg(spot, 1.0, seeded()).mean(dim=1) - 0.1).clamp(min=0)
    mass = mass / mass.sum(dim=(1, 2), keepdim=True)
    centres = torch.arange(41.0)
    assert ((mass.sum(dim=2) @ centres) - 10).abs().max() < 0.5
    assert ((mass.sum(dim=1) @ centres) - 30).abs().max() < 0.5
