import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture
def picture() -> Callable[..., Path]:
    """Write a small image of one colour, made of its name unless given: ``picture(path, red=200)``."""

    def write(path: Path, red: int | None = None, size: tuple[int, int] = (8, 6)) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        mark = zlib.crc32(path.stem.encode())
        colour = (mark % 256, mark // 256 % 256, 60) if red is None else (red, 80, 60)
        Image.new("RGB", size, colour).save(path, quality=100)
        return path

    return write
