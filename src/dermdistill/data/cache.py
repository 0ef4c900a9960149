"""Decoded and resized images on disk, so that training reads an image in microseconds.

One ``.npy`` file holds a whole data set at one size. Its name is made of the contents of the images, so a
changed file, another order or another size gets a file of its own; deleting the folder is always safe.
"""

import hashlib
import math
import os
import shutil
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dermdistill.cores import default_workers
from dermdistill.data.decoding_processes import CHUNK, Run, runner
from dermdistill.data.digests import digests_or_errors
from dermdistill.data.images import DECODER_VERSION, resize
from dermdistill.data.unusable import undecodable, unusable
from dermdistill.errors import UserError
from dermdistill.files import cannot_write, check_writable, replacing
from dermdistill.progress import bar
from dermdistill.records import ImageSource, Record

_STALE_SECONDS = 600


def default_cache_dir() -> Path:
    """``$DERMDISTILL_CACHE``, else the folder ``dermdistill`` in the user's cache folder (XDG).

    Raises:
        UserError: neither is set, and the user has no home.
    """
    chosen = os.environ.get("DERMDISTILL_CACHE")
    if chosen:
        return Path(chosen)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dermdistill"
    except RuntimeError:
        raise UserError(
            "decoded images are cached in the user's home, and this user has none; set DERMDISTILL_CACHE to "
            "a folder for them"
        ) from None


def check_cache(cache_dir: Path) -> None:
    """Make the folder; raises UserError, naming the variable that moves it, where it cannot be written."""
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        check_writable(cache_dir)
    except (OSError, UserError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not writable"
        raise UserError(
            f"{cache_dir}: cannot keep decoded images there ({reason}); set DERMDISTILL_CACHE to another "
            "folder"
        ) from error


@dataclass(frozen=True, slots=True)
class DecodedImages:
    """All images of a data set, in the order of its records.

    Attributes:
        pixels: RGB uint8 ``(N, S, S, 3)``, a read-only memory map.
        key: changes whenever a pixel could be different.
        contents: a digest of each image, the same under any name.
    """

    pixels: NDArray[np.uint8]
    key: str
    contents: tuple[str, ...]


def decode_images(
    records: Sequence[Record],
    size: int,
    *,
    cache_dir: Path,
    workers: int | None = None,
    progress: bool = True,
) -> DecodedImages:
    """The records' images at ``size`` pixels.

    Built on first use, with a progress bar on stderr; a build that is killed leaves nothing behind that a
    later one would take for finished, and starts over. Large sets are decoded by ``workers`` processes
    (``default_workers`` unless given, and never more than there is work for); they are spawned, so a script
    that calls this needs its ``__main__`` guard.

    Raises:
        UserError: images are damaged or missing (see ``unusable``), or the folder cannot be written.
    """
    workers = workers or default_workers()
    images = [record.image for record in records]
    digests = content_digests(images, cache_dir=cache_dir, workers=workers, progress=progress)
    key = _key(digests, size)
    path = decoded_path(key, cache_dir)
    shape = (len(images), size, size, 3)
    finished = opened(path, shape)
    if finished is None:
        check_space(cache_dir, [shape], what="the decoded images")
        finished = _built(path, shape, images, workers, progress=progress)
    return DecodedImages(finished, key, tuple(digests))


def keep_decoded(images: DecodedImages, cache_dir: Path) -> None:
    """Write images that another machine decoded into the cache, unless they lie there.

    Raises:
        UserError: the folder cannot be written or has too little space.
    """
    path = decoded_path(images.key, cache_dir)
    if opened(path, images.pixels.shape) is not None:
        return
    _prepare(cache_dir)
    check_space(cache_dir, [images.pixels.shape], what="the decoded images")
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, images.pixels)


def decoded_path(key: str, cache_dir: Path | None = None) -> Path:
    """Where the images of a key (``DecodedImages.key``) lie, once they are decoded."""
    return (cache_dir or default_cache_dir()) / f"{key}.npy"


def _built(
    path: Path,
    shape: tuple[int, int, int, int],
    images: Sequence[ImageSource],
    workers: int,
    *,
    progress: bool,
) -> NDArray[np.uint8]:
    """Decode into a new file, and open it."""
    # The workers come first: one that cannot start workers of its own must not have begun a file.
    with runner(workers, len(images)) as run, replacing(path) as temporary:
        failures = _build(Rows.create(temporary, shape), images, run, progress=progress)
        if failures:
            raise unusable(failures, of=len(images), folder=path.parent)
    built = opened(path, shape)
    if built is None:
        raise UserError(f"{path}: vanished while it was built; is another program cleaning {path.parent}?")
    return built


def content_digests(
    images: Sequence[ImageSource], *, cache_dir: Path, workers: int, progress: bool = True
) -> list[str]:
    """The digest of every image, in order; hashed once, then remembered beside the decoded images.

    Raises:
        UserError: some cannot be read (then the damaged among the others are named too, see ``unusable``), or
            the folder cannot be written.
    """
    _prepare(cache_dir)
    found = digests_or_errors(images, cache_dir=cache_dir, workers=workers, progress=progress)
    failures = [result for result in found if isinstance(result, UserError)]
    if failures:
        rest = [image for image, result in zip(images, found, strict=True) if isinstance(result, str)]
        failures += undecodable(rest, workers=workers, progress=progress)
        raise unusable(failures, of=len(images), folder=cache_dir)
    return [str(result) for result in found]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of an ``.npy`` file, writable in pieces from several processes.

    Written with plain writes: on a full disk these raise OSError, where a memory map kills the process.
    """

    path: Path
    offset: int
    size: int

    @classmethod
    def create(cls, path: Path, shape: tuple[int, int, int, int]) -> "Rows":
        header = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
        return cls(path, header.offset, shape[1])

    def write(self, first: int, rows: NDArray[np.uint8]) -> None:
        with self.path.open("r+b") as handle:
            handle.seek(self.offset + first * self.size * self.size * 3)
            handle.write(rows.data)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Consecutive images and the rows that they fill (see ``decoding_processes.Chunk``)."""

    rows: Rows
    first: int
    images: Sequence[ImageSource]

    def decode(self) -> list[UserError]:
        """Fill the rows; returns the error of each damaged image."""
        size = self.rows.size
        pixels = np.zeros((len(self.images), size, size, 3), dtype=np.uint8)
        failures: list[UserError] = []
        for row, image in zip(pixels, self.images, strict=True):
            try:
                row[:] = resize(image.decode(), size)
            except UserError as error:
                failures.append(error)
        self.rows.write(self.first, pixels)
        return failures


def _build(rows: Rows, images: Sequence[ImageSource], run: Run, *, progress: bool) -> list[UserError]:
    """Fill all rows; returns the error of each damaged image."""
    chunks = [_Chunk(rows, first, images[first : first + CHUNK]) for first in range(0, len(images), CHUNK)]
    failures: list[UserError] = []
    with (
        bar(label="Decoding images", unit="image", total=len(images), hidden=not progress) as shown,
        closing(run(chunks)) as decoding,
    ):
        for chunk, errors in zip(chunks, decoding, strict=True):
            failures.extend(errors)
            shown.update(len(chunk.images))
    return failures


def _key(digests: Iterable[str], size: int) -> str:
    content = "\n".join([f"decoder {DECODER_VERSION}, {size} px", *digests])
    return f"images-{size}px-{hashlib.blake2b(content.encode(), digest_size=16).hexdigest()}"


def opened(path: Path, shape: tuple[int, int, int, int]) -> NDArray[np.uint8] | None:
    """A finished file of images as a read-only map; None where there is none, or not a whole one."""
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError):
        return None
    return array if array.dtype == np.uint8 and array.shape == shape else None


def _prepare(cache_dir: Path) -> None:
    """Make the folder, and remove what killed builds left in it (a living build writes all the time)."""
    check_cache(cache_dir)
    try:
        for pattern in (".images-*", ".digests-*"):
            for temporary in cache_dir.glob(pattern):
                if time.time() - temporary.stat().st_mtime > _STALE_SECONDS:
                    temporary.unlink(missing_ok=True)
    except FileNotFoundError:
        pass  # another process removed it first
    except OSError as error:
        raise cannot_write(cache_dir, error) from error


def check_space(folder: Path, shapes: Iterable[tuple[int, int, int, int]], *, what: str) -> None:
    """Raise UserError, naming the variable that moves the folder, unless files of these shapes fit."""
    needed = sum(map(math.prod, shapes))
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(
            f"{folder}: {what} need {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free; "
            "free some space or set DERMDISTILL_CACHE to another folder"
        )
