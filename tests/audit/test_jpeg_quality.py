"""The quality of a JPEG, against what it was saved with."""

import io
import math

import numpy as np
import pytest
from PIL import Image

from dermdistill.audit.jpeg_quality import jpeg_quality


def saved(form: str, **how: object) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, form, **how)
    return content.getvalue()


@pytest.mark.parametrize("quality", [20, 50, 75, 90, 95])
@pytest.mark.parametrize("progressive", [False, True])
def test_the_quality_that_it_was_saved_with(quality: int, progressive: bool) -> None:
    content = saved("JPEG", quality=quality, progressive=progressive)
    assert jpeg_quality(content) == pytest.approx(quality, abs=1)


@pytest.mark.parametrize("content", [b"", b"no image", saved("PNG"), saved("JPEG")[:20]])
def test_anything_else_has_none(content: bytes) -> None:
    assert math.isnan(jpeg_quality(content))
