from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from dermdistill.data.hash_cache import hash_coefficients
from dermdistill.data.perceptual_hash import Coefficients, coefficients
from dermdistill.errors import UserError
from dermdistill.records import Pixels


@dataclass(frozen=True)
class Noise:
    """An image that counts how often it is decoded."""

    seed: int
    decodings: list[int] = field(default_factory=list)
    name: str = "noise"

    def digest(self) -> str:
        return str(self.seed)

    def decode(self) -> Pixels:
        self.decodings.append(self.seed)
        return np.random.default_rng(self.seed).integers(0, 256, (40, 50, 3), dtype=np.uint8)


class Damaged(Noise):
    def decode(self) -> Pixels:
        raise UserError("noise: damaged")


def hashed(images: list[Noise], cache_dir: Path) -> Coefficients:
    return hash_coefficients(
        images, [image.digest() for image in images], cache_dir=cache_dir, workers=2, progress=False
    )


def test_images_are_hashed_in_order_and_once(tmp_path: Path) -> None:
    images = [Noise(seed) for seed in (3, 1, 2)]
    found = hashed(images, tmp_path / "cache")
    assert np.array_equal(found, np.stack([coefficients(Noise(seed).decode()) for seed in (3, 1, 2)]))
    assert np.array_equal(hashed(images, tmp_path / "cache"), found)
    assert [len(image.decodings) for image in images] == [1, 1, 1]


def test_other_contents_are_hashed_anew(tmp_path: Path) -> None:
    hashed([Noise(1)], tmp_path)
    assert np.array_equal(hashed([Noise(2)], tmp_path)[0], coefficients(Noise(2).decode()))


@pytest.mark.parametrize("content", [b"", b"not an array", b"\x93NUMPY\x01\x00"])
def test_a_damaged_file_is_made_again(tmp_path: Path, content: bytes) -> None:
    found = hashed([Noise(1)], tmp_path)
    [path] = tmp_path.iterdir()
    path.write_bytes(content)
    assert np.array_equal(hashed([Noise(1)], tmp_path), found)


def test_a_damaged_image_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="noise: damaged"):
        hashed([Noise(1), Damaged(2)], tmp_path)
    assert not list(tmp_path.iterdir())
