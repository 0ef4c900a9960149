"""Perceptual hashes of thousands of photographs as a short text, for the description of a model.

A short hash (54 bits) of an image may stand for any of its 8 orientations, as a search looks for all; the one
that makes the smallest number is kept. The sorted numbers are stored as their differences in a Golomb-Rice
code (Rice 1979): about 5 bytes an image, 6 characters of base 85, which JSON keeps as they are.
"""

import base64
import struct

import numpy as np
from numpy.typing import NDArray

from dermdistill.data.perceptual_hash import SHORT_BITS, Signs, orientations

_HEADER = struct.Struct("<IB")
"""How many numbers there are, and how many low bits of each difference are stored as they are."""

_PLACE_VALUES = np.uint64(1) << np.arange(SHORT_BITS - 1, -1, -1, dtype=np.uint64)


def pack_hashes(hashes: Signs) -> str:
    """Hashes ``(N, 54 or 90)`` as text; their order is lost, equal ones count once."""
    numbers = (orientations(hashes[:, :SHORT_BITS]) * _PLACE_VALUES).sum(axis=-1, dtype=np.uint64)
    smallest = np.unique(numbers.min(axis=0))
    return base64.b85encode(_encoded(smallest)).decode("ascii")


def unpack_hashes(text: str) -> Signs:
    """Hashes ``(N, 54)``, each in one of its orientations, of a text of `pack`.

    Raises:
        ValueError: the text is damaged.
    """
    numbers = _decoded(base64.b85decode(text))
    return (numbers[:, None] & _PLACE_VALUES) > 0


def _encoded(numbers: NDArray[np.uint64]) -> bytes:
    """Golomb-Rice code of the differences: first the low bits of all, then the rest of each in unary."""
    differences = np.diff(numbers, prepend=np.uint64(0))
    low_bits = int(np.log2(max(1.0, differences.mean()))) if len(numbers) else 0
    low = (differences[:, None] >> _shifts(low_bits)) & np.uint64(1)
    ends = (differences >> np.uint64(low_bits)).astype(np.int64) + 1
    unary = np.zeros(int(ends.sum()), dtype=np.uint8)
    unary[np.cumsum(ends) - 1] = 1
    bits = np.concatenate([low.astype(np.uint8).ravel(), unary])
    return _HEADER.pack(len(numbers), low_bits) + np.packbits(bits).tobytes()


def _decoded(content: bytes) -> NDArray[np.uint64]:
    if len(content) < _HEADER.size:
        raise ValueError("packed hashes are cut short")
    count, low_bits = _HEADER.unpack_from(content)
    bits = np.unpackbits(np.frombuffer(content, dtype=np.uint8, offset=_HEADER.size))
    ends = np.flatnonzero(bits[count * low_bits :])
    if low_bits > SHORT_BITS or len(bits) < count * low_bits or len(ends) != count:
        raise ValueError("packed hashes are damaged")
    low = bits[: count * low_bits].reshape(count, low_bits).astype(np.uint64)
    high = np.diff(ends, prepend=-1).astype(np.uint64) - np.uint64(1)
    differences = (high << np.uint64(low_bits)) + (low << _shifts(low_bits)).sum(axis=1, dtype=np.uint64)
    return np.cumsum(differences, dtype=np.uint64)


def _shifts(low_bits: int) -> NDArray[np.uint64]:
    return np.arange(low_bits - 1, -1, -1, dtype=np.uint64)
