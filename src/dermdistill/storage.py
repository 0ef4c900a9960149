"""Files behind URLs that fsspec knows: ``s3://``, ``gs://``, ``az://``, ``https://`` and others.

A path without a scheme is a local file. Every error is one line that names the URL.
"""

import importlib.util
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dermdistill.errors import UserError, printable
from dermdistill.files import replacing, write_bytes

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # of two letters at least: C:\ is a disk
_LOCAL = {"file", "local"}


def is_url(path: str) -> bool:
    """Whether this is a URL rather than a local path; ``file://`` is one too."""
    return _SCHEME.match(path) is not None


def need_storage_parts(what: str) -> None:
    """Raise UserError, naming the extra, where fsspec or pyarrow is not installed; ``what`` needs them."""
    if any(importlib.util.find_spec(name) is None for name in ("fsspec", "pyarrow")):
        raise UserError(f"{printable(what)}: needs fsspec and pyarrow: pip install 'dermdistill[storage]'")


def join(url: str, *names: str) -> str:
    """The URL of a file in a folder."""
    return "/".join((url.rstrip("/"), *names))


def open_storage(url: str) -> tuple[Any, str]:
    """The fsspec file system of a URL, and the path in it.

    Raises:
        UserError: fsspec, or the package of this kind of storage, is not installed; an unknown scheme.
    """
    need_storage_parts(url)
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise UserError(f"{printable(url)}: {_one_line(error)}") from error
    except ValueError as error:
        raise UserError(f"{printable(url)}: not a storage that fsspec knows ({_one_line(error)})") from error
    return system, path


def is_local(url: str) -> bool:
    """Whether the files lie on this machine's own disks."""
    if not is_url(url):
        return True
    protocol = open_storage(url)[0].protocol
    return bool(_LOCAL & ({protocol} if isinstance(protocol, str) else set(protocol)))


def read(url: str) -> bytes | None:
    """All of a file; None where there is none. Raises UserError where it cannot be read."""
    system, path = open_storage(url)
    with _one_line_errors(url, "read"):
        try:
            content: bytes = system.cat_file(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return content


def write(url: str, content: bytes) -> None:
    """Write a file, whole or not at all (object stores do so themselves).

    Raises:
        UserError: it cannot be written.
    """
    system, path = open_storage(url)
    if is_local(url):
        write_bytes(Path(path), content)
        return
    with _one_line_errors(url, "write"):
        system.pipe_file(path, content)


def upload(source: Path, url: str) -> None:
    """Copy a local file to a URL, whole or not at all; raises UserError where it cannot be written."""
    system, path = open_storage(url)
    if is_local(url):
        with replacing(Path(path)) as temporary:
            temporary.write_bytes(source.read_bytes())
        return
    with _one_line_errors(url, "write"):
        system.put_file(str(source), path)


def names(url: str) -> list[str]:
    """The paths of all files below a folder, relative to it, sorted; none where there is no such folder."""
    system, path = open_storage(url)
    with _one_line_errors(url, "list"):
        system.invalidate_cache()
        found = system.find(path)
    prefix = path.rstrip("/") + "/"
    return sorted(each.removeprefix(prefix) for each in found if each.startswith(prefix))


def remove(url: str) -> None:
    """Remove a file, if there is one."""
    system, path = open_storage(url)
    with _one_line_errors(url, "remove"):
        if system.exists(path):
            system.rm_file(path)


@contextmanager
def _one_line_errors(url: str, verb: str) -> Iterator[None]:
    """Whatever a storage raises, which is almost anything, as one line."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{printable(url)}: cannot {verb} ({_one_line(error)})") from error


def _one_line(error: BaseException) -> str:
    text = printable(" ".join(str(error).split()))
    return text[:200] or type(error).__name__
