"""Images as rows of NumPy arrays: RGB or grey, integers from 0 to 255, or decimal numbers from 0 to 1 or 255.

Arrays of Python objects are refused, because reading them can run code.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from dermdistill.errors import UserError
from dermdistill.records import Pixels

_EXPECTED = "expected RGB or grey images (n, height, width, 3) or (n, height, width), from 0 to 255 or 0 to 1"


def check_shape(name: str, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> None:
    """Raise UserError unless an array of this shape and type can hold images."""
    is_grey = len(shape) == 3 and shape[2] > 4
    is_colour = len(shape) == 4 and shape[3] in (1, 3)
    if dtype.kind not in "uif" or not (is_grey or is_colour) or 0 in shape:
        raise UserError(f"{name}: the array is {dtype} {shape}; {_EXPECTED}")


def scale(name: str, dtype: np.dtype[np.generic], images: Iterable[NDArray[np.generic]]) -> float:
    """What the numbers of an array are multiplied by to lie between 0 and 255.

    Args:
        name: of the array, for the message.
        dtype: of its numbers.
        images: all of its images; they are only read where the type leaves the scale open.

    Raises:
        UserError: the numbers are neither plainly 0..255 nor plainly 0..1.
    """
    if dtype == np.uint8:
        return 1.0
    lowest, highest = np.inf, -np.inf
    for image in images:
        if not np.isfinite(image).all():
            raise UserError(f"{name}: holds values that are not numbers; {_EXPECTED}")
        lowest, highest = min(lowest, float(image.min())), max(highest, float(image.max()))
    if lowest >= 0 and 16 <= highest <= 255:
        return 1.0
    if lowest >= 0 and highest <= 1 and dtype.kind == "f":
        return 255.0
    raise UserError(
        f"{name}: its numbers go from {lowest:g} to {highest:g}, neither 0 to 255 nor 0 to 1; save the "
        "images before they are normalised"
    )


def to_pixels(image: NDArray[np.generic], factor: float) -> Pixels:
    """RGB uint8 ``(H, W, 3)`` of one image of an array."""
    grey = image.ndim == 2 or image.shape[2] == 1
    colour = np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2) if grey else image
    if colour.dtype == np.uint8:
        return np.array(colour)
    return np.rint(colour.astype(np.float64) * factor).astype(np.uint8)
