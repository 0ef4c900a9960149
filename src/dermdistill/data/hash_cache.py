"""Perceptual hashes of a data set, remembered between runs as decoded images are."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from dermdistill.data.perceptual_hash import BITS, Coefficients, coefficients
from dermdistill.files import replacing
from dermdistill.progress import bar
from dermdistill.records import ImageSource

_VERSION = 1
"""Raise this whenever ``perceptual_hash.coefficients`` gives other numbers."""


def hash_coefficients(
    images: Sequence[ImageSource], contents: Sequence[str], *, cache_dir: Path, workers: int, progress: bool
) -> Coefficients:
    """The coefficients ``(N, 2, 90)`` of the images as they are in their sources, in order.

    Args:
        images: they are decoded unless these images have been hashed before.
        contents: their digests.
        cache_dir: remembers the result; deleting it is always safe.
        workers: threads.
        progress: show a bar on stderr.

    Raises:
        UserError: an image cannot be decoded, or the folder cannot be written.
    """
    key = hashlib.blake2b("\n".join([f"hash {_VERSION}", *contents]).encode(), digest_size=16).hexdigest()
    path = cache_dir / f"images-hashes-{key}.npy"
    remembered = _read(path, len(images))
    if remembered is not None:
        return remembered
    found = np.zeros((len(images), 2, BITS), dtype=np.float32)
    with ThreadPoolExecutor(workers) as threads:
        hashed = threads.map(lambda image: coefficients(image.decode()), images)
        shown = bar(
            hashed, label="Hashing images", unit="image", total=len(images), delay=1, hidden=not progress
        )
        for row, values in enumerate(shown):
            found[row] = values
    with replacing(path) as temporary, temporary.open("wb") as handle:
        np.save(handle, found)
    return found


def _read(path: Path, images: int) -> Coefficients | None:
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found if found.shape == (images, 2, BITS) and found.dtype == np.float32 else None
