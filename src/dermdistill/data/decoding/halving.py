"""Halving: how a large photograph becomes smaller, the same in every runtime.

A pixel of the half is the mean of 2 x 2 pixels, rounded half up: ``(a + b + c + d + 2) >> 2``. Where a side
is odd, its last row or column counts twice, so that 5 pixels become 3. These are integers, so the ONNX graph,
Pillow and NumPy agree in every bit.
"""

from PIL import Image


def halved(image: Image.Image, halve_from: int | None) -> Image.Image:
    """Halve an upright image while its short side is at least ``halve_from`` pixels, which are 2 or more.

    None leaves the image as it is.
    """
    while halve_from is not None and min(image.size) >= halve_from:
        image = image.reduce(2)
    return image
