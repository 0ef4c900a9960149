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

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
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
        # mkstemp makes files private; results are for whoever may read the folder.
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


def check_writable(folder: Path) -> None:
    """Raise UserError unless ``folder`` is, or could be made, a folder that this user may write to."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise UserError(f"{existing}: is a file; expected a folder")
    if not os.access(existing, os.W_OK):
        raise UserError(f"{folder}: cannot write there; choose a writable folder")


def lock(handle: IO[str], path: Path) -> None:
    """Keep an open file to this process until it is closed; see ``lock_if_free``.

    Raises:
        UserError: another process has it.
    """
    if not lock_if_free(handle):
        raise UserError(f"{path}: another command is writing it; wait, or choose another file")


def lock_if_free(handle: IO[str], *, wait: bool = False) -> bool:
    """Keep an open file to this process until it is closed, however the process ends.

    Args:
        handle: the open file.
        wait: until whoever has it lets it go.

    Returns:
        Whether it is ours: not where another process has it; always where the system or the
            file system has no such locks.
    """
    try:
        import fcntl
    except ImportError:  # Windows refuses to replace an open file, which is nearly as good
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True


def disk_is_full(error: BaseException) -> bool:
    """Whether this error, or the one behind it, is a full disk or an exhausted quota."""
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
