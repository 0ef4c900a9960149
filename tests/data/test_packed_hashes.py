import base64
import json

import numpy as np
import pytest

from dermdistill.data.packed_hashes import pack_hashes, unpack_hashes
from dermdistill.data.perceptual_hash import BITS, SHORT_BITS, orientations

RNG = np.random.default_rng(0)


def random_hashes(count: int) -> np.ndarray:
    return RNG.random((count, BITS)) < 0.5


def smallest_orientations(hashes: np.ndarray) -> set[str]:
    """By text, one image after another: independent of how they are packed."""
    turned = orientations(hashes[:, :SHORT_BITS])
    return {min("".join(map(str, each.astype(int))) for each in turned[:, i]) for i in range(len(hashes))}


@pytest.mark.parametrize("count", [0, 1, 2, 3, 100, 1000])
def test_what_is_packed_is_what_is_unpacked(count: int) -> None:
    hashes = random_hashes(count)
    found = unpack_hashes(pack_hashes(hashes))
    assert found.shape == (count, SHORT_BITS)
    assert {"".join(map(str, each.astype(int))) for each in found} == smallest_orientations(hashes)
    assert pack_hashes(found) == pack_hashes(hashes)


@pytest.mark.parametrize("value", [False, True])
def test_extreme_hashes(value: bool) -> None:
    hashes = np.full((2, BITS), value)
    assert len(unpack_hashes(pack_hashes(hashes))) == 1  # equal ones count once


def test_order_and_orientation_do_not_matter() -> None:
    hashes = random_hashes(50)
    turned = orientations(hashes)[3]
    assert pack_hashes(turned[::-1]) == pack_hashes(hashes)


def test_ten_thousand_images_take_little_room_in_json() -> None:
    packed = pack_hashes(random_hashes(10_600))
    assert len(json.dumps(packed)) < 67_500


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\0", b"\x05\0\0\0\x00", b"\x01\0\0\0\xff" + bytes(40), b"\xff\xff\xff\xff\x20" + bytes(9)],
)
def test_damage_is_an_error(content: bytes) -> None:
    with pytest.raises(ValueError, match="packed hashes are"):
        unpack_hashes(base64.b85encode(content).decode())


def test_text_that_is_no_base_85() -> None:
    with pytest.raises(ValueError, match="base85"):
        unpack_hashes("\x00\x01")
