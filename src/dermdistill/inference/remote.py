"""Photographs behind URLs: which there are below a prefix, and what is in them.

Object stores have no folders, so a prefix names all that lies below it. Web servers cannot be asked what they
hold: their URLs name one file each.
"""

import glob
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from dermdistill.data.decoding.limits import MAX_FILE_BYTES
from dermdistill.data.images import IMAGE_SUFFIXES
from dermdistill.data.listing import is_hidden, is_unread, kinds, suffix
from dermdistill.errors import UserError, printable
from dermdistill.inference.side_by_side import map_in_order
from dermdistill.storage import is_url, open_storage

_AT_ONCE = 32
"""Files that are fetched at the same time: a store answers in tens of milliseconds, a model in a few."""
_WAITS = (0.5, 2.0)
"""Seconds before a store that did not answer is asked again."""
_WEB = ("http", "https")
_FINAL = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file whose content is at hand, or one that is read where it is decoded.

    Attributes:
        path: as it was given.
        content: of a URL; None of a local path, and where it cannot be fetched.
        error: why it cannot be fetched.
        unreachable: whether the storage did not answer, so that a later try may succeed.
    """

    path: str
    content: bytes | None = None
    error: str | None = None
    unreachable: bool = False


def fetched(paths: Iterable[str]) -> Iterator[Fetched]:
    """Each file in order, URLs fetched ahead, many at the same time."""
    remaining = iter(paths)
    for path in remaining:
        if is_url(path) and not is_shard(path):
            yield from map_in_order(_fetch, chain([path], remaining), workers=_AT_ONCE, ahead=2 * _AT_ONCE)
        else:
            yield Fetched(path)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a URL names: its photographs and shards, and how many other files there are, by their endings."""

    photographs: tuple[str, ...]
    others: Mapping[str, int]


def listing(url: str) -> Listing:
    """The photographs that a URL names: itself, those below it, or those that a pattern matches.

    Raises:
        UserError: there is none, or the storage cannot list them.
    """
    if is_shard(url) or _is_one(url):
        return Listing((url,), {})
    others: Counter[str] = Counter()
    found: list[str] = []
    for each in _listed(url):
        name = each.rsplit("/", 1)[-1]
        if is_hidden(name):
            others["hidden"] += 1
        elif suffix(name) in IMAGE_SUFFIXES or is_unread(name) or is_shard(name):
            found.append(each)
        else:
            others[suffix(name)] += 1
    if not found:
        held = f", only {kinds(others)}" if others else ""
        raise UserError(
            f"{printable(url)}: no image file below this URL{held}; photographs of other names can be given "
            "in a Parquet file with a column 'path'"
        )
    return Listing(tuple(found), others)


def is_shard(path: str) -> bool:
    """Whether this is a WebDataset shard: a tar file of photographs."""
    return _name(path).endswith((".tar", ".tar.gz", ".tgz"))


def is_list(path: str) -> bool:
    """Whether this is a Parquet file of paths."""
    return _name(path).endswith(".parquet")


def status(url: str) -> tuple[int | None, float]:
    """Size in bytes, None where there is no such file, and the last change in s, 0 if not known."""
    system, path = open_storage(url)
    try:
        info: dict[str, Any] = system.info(path)
    except Exception:  # what a storage cannot say counts as not known
        return None, 0.0
    changed = info.get("LastModified") or info.get("mtime") or info.get("created") or 0.0
    seconds = changed.timestamp() if hasattr(changed, "timestamp") else changed
    size = info.get("size")
    return (int(size) if size is not None else None), float(seconds) if isinstance(
        seconds, int | float
    ) else 0.0


def exists(path: str) -> bool:
    """Whether there is such a file, or a link of that name."""
    return status(path)[0] is not None if is_url(path) else os.path.lexists(path)


def _is_one(url: str) -> bool:
    if urlsplit(url).scheme in _WEB or suffix(_name(url)) in IMAGE_SUFFIXES:
        return not glob.has_magic(url) or urlsplit(url).scheme in _WEB
    if glob.has_magic(url):
        return False
    system, path = open_storage(url)
    try:
        return bool(system.isfile(path))
    except Exception as error:
        raise UserError(f"{printable(url)}: cannot list ({_reason(error)})") from error


def _listed(url: str) -> list[str]:
    system, path = open_storage(url)
    try:
        found = system.glob(path) if glob.has_magic(path) else system.find(path)
    except Exception as error:
        raise UserError(f"{printable(url)}: cannot list ({_reason(error)})") from error
    # A storage may have several schemes, such as az and abfs; the user's own stays.
    scheme = url.partition("://")[0]
    return [f"{scheme}://{system.unstrip_protocol(each).partition('://')[2]}" for each in sorted(found)]


def _name(url: str) -> str:
    """The path's last part in lower case, without a query."""
    path = urlsplit(url).path if urlsplit(url).scheme in _WEB else url
    return path.rsplit("/", 1)[-1].lower()


def _fetch(path: str) -> Fetched:
    if not is_url(path) or is_shard(path):
        return Fetched(path)
    for wait in (*_WAITS, None):
        try:
            return Fetched(path, _content(path))
        except UserError as error:
            return Fetched(path, error=str(error))
        except _FINAL as error:
            return Fetched(path, error=f"{printable(path)}: cannot read the image ({_reason(error)})")
        except Exception as error:  # storages raise almost anything where they do not answer
            if wait is None:
                what = f"{printable(path)}: the storage does not give it ({_reason(error)})"
                return Fetched(path, error=what, unreachable=True)
            time.sleep(wait)
    raise AssertionError


def _content(url: str) -> bytes:
    """A file's content; raises UserError where it is too large, and what the storage raises."""
    system, path = open_storage(url)
    try:
        content: bytes = system.cat_file(path, start=0, end=MAX_FILE_BYTES + 1)
    except _FINAL:
        raise
    except Exception:
        if system.info(path)["size"] == 0:  # of which no range can be had
            return b""
        raise
    if len(content) > MAX_FILE_BYTES:
        raise UserError(
            f"{printable(url)}: above the limit of {MAX_FILE_BYTES / 1e6:.0f} MB for one image; save it "
            "compressed or scaled down"
        )
    return content


def _reason(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    text = printable(" ".join(str(error).split()))
    return text[:200] or type(error).__name__
