"""Digests of image contents, remembered between runs so that a large set is hashed once."""

import hashlib
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dermdistill.data.images import SETTLED_NS, ImageFile
from dermdistill.errors import UserError
from dermdistill.files import write_text
from dermdistill.progress import bar
from dermdistill.records import ImageSource

_Stamp = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds: equal stamps mean an unchanged file."""


def digests_or_errors(
    images: Sequence[ImageSource], *, cache_dir: Path, workers: int, progress: bool
) -> list[str | UserError]:
    """The digest of every image, in order; in its place the error of one that cannot be read.

    Files are hashed again only if their size or time of change differs from what ``cache_dir`` remembers.

    Raises:
        UserError: the folder cannot be written.
    """
    memo_path = cache_dir / f"digests-{_name_of_set(images)}.json"
    memo = _read_memo(memo_path)
    before = time.time_ns()
    fresh: dict[str, tuple[_Stamp, str]] = {}

    def digest(image: ImageSource) -> str | UserError:
        stamp = _stamp(image)
        remembered = memo.get(image.name)
        if stamp is not None and remembered is not None and remembered[0] == stamp:
            return remembered[1]
        try:
            value = image.digest()
        except UserError as error:
            return error
        if stamp is not None and stamp[1] < before - SETTLED_NS:
            fresh[image.name] = (stamp, value)
        return value

    found: list[str | UserError] = []
    with ThreadPoolExecutor(workers) as threads:
        results = threads.map(digest, images)
        found.extend(
            bar(
                results, label="Reading images", unit="image", total=len(images), delay=1, hidden=not progress
            )
        )
    if fresh:
        write_text(memo_path, json.dumps(memo | fresh))
    return found


def _stamp(image: ImageSource) -> _Stamp | None:
    if not isinstance(image, ImageFile):
        return None
    try:
        status = image.path.stat()
    except OSError:
        return None  # digest() says what is wrong with the file
    return status.st_size, status.st_mtime_ns


def _name_of_set(images: Sequence[ImageSource]) -> str:
    names = sorted(str(Path(image.name).absolute()) for image in images)
    return hashlib.blake2b("\n".join(names).encode(), digest_size=16).hexdigest()


def _read_memo(path: Path) -> dict[str, tuple[_Stamp, str]]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {name: ((size, changed), digest) for name, ((size, changed), digest) in entries.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}  # nothing remembered, or not by this version: hashing again is always right
