"""The quality that a JPEG was saved with, estimated from its quantisation tables."""

import io

import numpy as np
from PIL import Image

_OF_QUALITY_50 = 3687
"""Sum of the luminance table of the JPEG standard (ITU T.81, annex K), which libjpeg scales by quality."""


def jpeg_quality(content: bytes) -> float:
    """The quality setting of libjpeg, 1 to 100, whose luminance table is the nearest; NaN of other files.

    Only the header is read. Cameras and Photoshop have tables of their own; the number then says how coarse
    they are.
    """
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
            table = getattr(image, "quantization", {}).get(0)
    except Exception:  # Pillow's readers raise almost anything on damaged files; the decoder reports them
        return float("nan")
    if not table:
        return float("nan")
    scale = 100 * float(np.sum(table)) / _OF_QUALITY_50
    return float(np.clip(5000 / scale if scale > 100 else (200 - scale) / 2, 1, 100))
