"""Write files so that a kill at any moment leaves the old file or the new one, never half of one."""

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from dermdistill.errors import UserError

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_LOCKS = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK)
"""What network file systems without locks answer."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success it replaces ``path``, on failure it is removed.

    A link stays, and the file that it names is replaced; a file that was there before keeps its permissions.

    Raises:
        UserError: the folder cannot be written or the disk is full.
    """
    path = Path(os.path.realpath(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise cannot_write(path, error) from error
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        # mkstemp makes files private; results are for all who may read the folder.
        temporary.chmod(stat.S_IMODE(path.stat().st_mode) if path.is_file() else 0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` atomically; raises UserError when it cannot be written."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write ``content`` as UTF-8 to ``path`` atomically; raises UserError when it cannot be written."""
    write_bytes(path, content.encode())


def begins_with(path: Path, beginning: bytes) -> bool:
    """Whether a file begins so; False where it cannot be read, or is a pipe: that waits for a writer."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as handle:
            return handle.read(len(beginning)) == beginning
    except OSError:
        return False


def check_writable(folder: Path) -> None:
    """Raise UserError unless ``folder`` is, or could be made, a folder that this user may write to."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise UserError(f"{existing}: is a file; expected a folder")
    if not os.access(existing, os.W_OK):
        raise UserError(f"{folder}: cannot write there; choose a writable folder")


def lock(handle: IO[str], path: Path, what: str = "file") -> None:
    """Keep an open file to this process until it is closed, however the process ends.

    Where the file system has no locks, every process has the file.

    Args:
        handle: the open file.
        path: what it stands for.
        what: the user could choose another one of.

    Raises:
        UserError: another process has it.
    """
    from filelock import lock_descriptor  # most commands lock nothing, and its import takes a while

    if os.name == "nt":  # whose locks would keep this process itself from reading the file by another handle
        return
    try:
        is_ours = lock_descriptor(handle.fileno(), blocking=False)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return
    # Another process may have removed it.
    if not is_ours or os.fstat(handle.fileno()).st_nlink == 0:
        raise UserError(f"{path}: another command is writing it; wait, or choose another {what}")


def disk_is_full(error: BaseException) -> bool:
    """Whether this error, or the one behind it, is a full disk, an exhausted quota or a limit on files."""
    cause = error.__cause__ if isinstance(error, UserError) else error
    return isinstance(cause, OSError) and cause.errno in _DISK_FULL


def cannot_write(path: Path, error: OSError) -> UserError:
    """The one-line error for a file that cannot be written."""
    reason = error.strerror or str(error)
    return UserError(f"{path}: cannot write ({reason}); free some space or choose a writable folder")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
