"""What other clinics' photographs have and these may lack: blur, hair, spots, dark borders, compression."""

import math

import simplejpeg
import torch
import torch.nn.functional as F
from torch import Tensor

from dermdistill.data.draws import Draws, uniform

_STRANDS = 8
_HAIR_WIDTH = (0.004, 0.012)  # share of the image's side
_HAIR_BEND = 0.6  # largest deviation from a straight line after half a side, as a share of it
_CORNER_RADIUS = (0.85, 1.3)  # half sides; the corners lie at sqrt(2)
_CORNER_EDGE = (0.01, 0.08)  # half sides
_DARKEST = 0.15
_SPOTS = 10
_SPOT_RADIUS = (0.02, 0.1)  # half sides
_SPOT_LENGTH = (1.0, 2.5)  # of its longer axis in its shorter one
_SPOT_EDGE = (0.1, 0.6)  # of its radius
_BRIGHTEST = (0.85, 1.0)
_STICKER_RADIUS = (0.2, 0.6)  # half sides
_STICKER_CENTRE = (0.85, 1.15)  # half sides from the image's centre
_FRAME = (0.05, 0.4)  # half sides
_QUALITY = (20, 95)
_ENLARGED = (1.0, 2.0)


def blur(images: Tensor, largest: float, draws: Draws) -> Tensor:
    """Blur every image by its own Gaussian, as fewer pixels or another focus would.

    Args:
        images: ``(N, C, S, S)``.
        largest: standard deviations are drawn from 0 to this share of the side.
        draws: of this batch.
    """
    count, channels, side, _ = images.shape
    sigma = (uniform(draws, count) * largest * side).clamp(min=1e-3)
    reach = min(math.ceil(2.5 * largest * side), side - 1)
    offsets = torch.arange(-reach, reach + 1)
    kernel = torch.exp(-0.5 * (offsets / sigma.unsqueeze(1)) ** 2)
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).repeat_interleave(channels, dim=0).to(images.device)
    padded = F.pad(images, (reach,) * 4, mode="reflect")
    flat = padded.reshape(1, count * channels, *padded.shape[2:])
    flat = F.conv2d(flat, kernel.view(-1, 1, 1, 2 * reach + 1), groups=count * channels)
    flat = F.conv2d(flat, kernel.view(-1, 1, 2 * reach + 1, 1), groups=count * channels)
    return flat.view(images.shape)


def hair(images: Tensor, share: float, draws: Draws) -> Tensor:
    """Draw up to eight dark, bent hairs over a share of the images.

    Each hair is a parabola through a random point, at a random angle.

    Args:
        images: ``(N, 3, S, S)`` in [0, 1].
        share: probability that an image has hair.
        draws: of this batch.
    """
    count, side = len(images), images.shape[-1]
    drawn = uniform(draws, count, _STRANDS, 6).to(images.device)
    chosen = uniform(draws, count).to(images.device) < share
    if not chosen.any():
        return images
    drawn = drawn[chosen].view(-1, _STRANDS, 6, 1, 1)
    from_point = _offsets(images, 2 * drawn[:, :, 1] - 1, 2 * drawn[:, :, 2] - 1)
    along, aside = _turned(from_point, 2 * math.pi * drawn[:, :, 0])
    aside = aside - _HAIR_BEND * (2 * drawn[:, :, 3] - 1) * along**2
    half_width = _between(_HAIR_WIDTH, drawn[:, :, 4])
    # A pixel is 2 / side wide here; a hair's edge fades over one pixel.
    opacity = ((half_width - aside.abs()) * side / 2 + 0.5).clamp(0, 1) * (drawn[:, :, 5] < 0.5)
    result = images.clone()
    cover = opacity.amax(dim=1, keepdim=True)
    result[chosen] = images[chosen] * (1 - cover) + _DARKEST * drawn[:, :1, 4] * cover
    return result


def reflections(images: Tensor, share: float, draws: Draws) -> Tensor:
    """Draw up to ten white spots over a share of the images, as lamps and drops of contact fluid do.

    Args:
        images: ``(N, 3, S, S)`` in [0, 1].
        share: probability that an image has reflections.
        draws: of this batch.
    """
    count = len(images)
    drawn = uniform(draws, count, _SPOTS, 7).to(images.device)
    white = _between(_BRIGHTEST, uniform(draws, count, 1, 1, 1).to(images.device))
    chosen = uniform(draws, count).to(images.device) < share
    if not chosen.any():
        return images
    drawn = drawn[chosen].view(-1, _SPOTS, 7, 1, 1)
    from_centre = _offsets(images, 2 * drawn[:, :, 0] - 1, 2 * drawn[:, :, 1] - 1)
    along, aside = _turned(from_centre, math.pi * drawn[:, :, 2])
    along = along / _between(_SPOT_LENGTH, drawn[:, :, 3])
    radius = _between(_SPOT_RADIUS, drawn[:, :, 4])
    edge = radius * _between(_SPOT_EDGE, drawn[:, :, 5])
    opacity = ((radius - _length(along, aside)) / edge + 0.5).clamp(0, 1) * (drawn[:, :, 6] < 0.5)
    cover = opacity.amax(dim=1, keepdim=True)
    result = images.clone()
    result[chosen] = images[chosen] * (1 - cover) + white[chosen] * cover
    return result


def stickers(images: Tensor, share: float, draws: Draws) -> Tensor:
    """Draw a disc of one colour beside the middle of a share of the images.

    Args:
        images: ``(N, 3, S, S)`` in [0, 1].
        share: probability that an image has a sticker.
        draws: of this batch.
    """
    count, side = len(images), images.shape[-1]
    drawn = uniform(draws, count, 7).to(images.device)
    has = (drawn[:, 0] < share).view(-1, 1, 1, 1)
    colour = drawn[:, 4:].view(-1, 3, 1, 1)
    drawn = drawn.view(-1, 7, 1, 1)
    angle, away = 2 * math.pi * drawn[:, 1], _between(_STICKER_CENTRE, drawn[:, 2])
    distance = _length(*_offsets(images, away * angle.cos(), away * angle.sin()))
    inside = ((_between(_STICKER_RADIUS, drawn[:, 3]) - distance) * side / 2 + 0.5).clamp(0, 1)
    cover = inside.unsqueeze(1) * has
    return images * (1 - cover) + colour * cover


def frames(images: Tensor, share: float, draws: Draws) -> Tensor:
    """Shrink a share of the images into a black frame, whose four sides are equally wide.

    Changes of colour that follow make some frames grey.

    Args:
        images: ``(N, 3, S, S)`` in [0, 1].
        share: probability that an image has a frame.
        draws: of this batch.
    """
    drawn = uniform(draws, len(images), 2).to(images.device)
    chosen = drawn[:, 0] < share
    if not chosen.any():
        return images
    grown = 1 / (1 - _between(_FRAME, drawn[chosen, 1]))
    matrices = torch.zeros(len(grown), 2, 3, device=images.device)
    matrices[:, 0, 0] = matrices[:, 1, 1] = grown
    inside = images[chosen]
    grid = F.affine_grid(matrices, list(inside.shape), align_corners=False)
    result = images.clone()
    result[chosen] = F.grid_sample(inside, grid, padding_mode="zeros", align_corners=False)
    return result


def corners(images: Tensor, share: float, draws: Draws) -> Tensor:
    """Darken the corners of a share of the images, as the round tube of a dermatoscope does.

    Args:
        images: ``(N, 3, S, S)`` in [0, 1].
        share: probability that an image has dark corners.
        draws: of this batch.
    """
    drawn = uniform(draws, len(images), 6).to(images.device)
    has = (drawn[:, 0] < share).view(-1, 1, 1, 1)
    drawn = drawn.view(-1, 6, 1, 1)
    distance = _length(*_offsets(images, 0.2 * drawn[:, 1] - 0.1, 0.2 * drawn[:, 2] - 0.1))
    radius, edge = _between(_CORNER_RADIUS, drawn[:, 3]), _between(_CORNER_EDGE, drawn[:, 4])
    cover = ((distance - radius) / edge).sigmoid().unsqueeze(1) * has
    return images * (1 - cover) + _DARKEST * drawn[:, 5:6] * cover


def jpeg(images: Tensor, share: float, drawn: Tensor) -> Tensor:
    """Compress a share of the images as JPEG files of a random quality.

    Photographs have more pixels than a network looks at and are compressed before they are made smaller, so
    each is compressed at one to two times S.

    Args:
        images: ``(N, 3, S, S)`` in [0, 1]. S is the side of the network's input: if the images were made
            smaller afterwards, the compression would hardly be visible.
        share: probability that an image is compressed.
        drawn: ``(N, 3)`` in [0, 1): whether, how strongly and how much larger.
    """
    side, result = images.shape[-1], images.clone()
    for i in torch.nonzero(drawn[:, 0] < share).flatten().tolist():
        quality, enlarged = int(_between(_QUALITY, drawn[i, 1])), float(_between(_ENLARGED, drawn[i, 2]))
        photograph = resized(images[i : i + 1], round(side * enlarged)).clamp(0, 1)
        pixels = (255 * photograph[0]).round().to(torch.uint8).permute(1, 2, 0).contiguous().cpu().numpy()
        content = simplejpeg.encode_jpeg(pixels, quality, colorsubsampling="420", fastdct=False)
        compressed = simplejpeg.decode_jpeg(content, fastdct=False, fastupsample=False)
        back = torch.from_numpy(compressed).permute(2, 0, 1).to(images.device) / 255
        result[i] = resized(back[None], side)[0].clamp(0, 1)
    return result


def resized(images: Tensor, side: int) -> Tensor:
    """Images ``(N, 3, S, S)`` at ``side`` pixels, by the filter of ``data.images.resize``."""
    if images.shape[-1] == side:
        return images
    return F.interpolate(images, (side, side), mode="bilinear", align_corners=False, antialias=True)


def _offsets(images: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """How far each pixel's centre lies from points, across and down; the image reaches from -1 to 1."""
    side = images.shape[-1]
    centres = (2 * torch.arange(side, device=images.device) + 1) / side - 1
    return centres.view(1, side) - x, centres.view(side, 1) - y


def _turned(offsets: tuple[Tensor, Tensor], angle: Tensor) -> tuple[Tensor, Tensor]:
    """Offsets along a direction, and aside of it."""
    across, down = offsets
    return across * angle.cos() + down * angle.sin(), down * angle.cos() - across * angle.sin()


def _length(across: Tensor, down: Tensor) -> Tensor:
    return (across**2 + down**2).sqrt()


def _between(limits: tuple[float, float], share: Tensor) -> Tensor:
    return limits[0] + (limits[1] - limits[0]) * share
