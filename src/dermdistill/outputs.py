"""Where a command writes what a user asked for: never over what this program did not write."""

import os
import stat
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dermdistill.errors import UserError, printable
from dermdistill.files import cannot_write, check_writable, write_bytes

STDOUT = Path("-")
_STDOUT, _STDERR = 1, 2


@dataclass(frozen=True, slots=True)
class Output:
    """A file, pipe or device that may be written.

    Attributes:
        path: of the file itself, links followed; for messages only where it is a stream.
        is_stream: a pipe, a device or standard output: written as it goes, never replaced.
        descriptor: an open file descriptor to write to; None where ``path`` is opened.
    """

    path: Path
    is_stream: bool = False
    descriptor: int | None = None

    def write(self, content: bytes) -> None:
        """Write all of it, a file atomically; raises UserError when it cannot be written."""
        if not self.is_stream:
            write_bytes(self.path, content)
            return
        with self.stream() as handle:
            handle.write(content)

    @contextmanager
    def stream(self) -> Iterator[BinaryIO]:
        """The pipe, device or standard output, open for writing.

        Raises:
            UserError: it cannot be written.
            BrokenPipeError: nobody reads it any more.
        """
        try:
            if self.descriptor is None:
                handle = self.path.open("wb", buffering=0)
            else:
                sys.stdout.flush()
                handle = os.fdopen(os.dup(self.descriptor), "wb", buffering=0)
            with handle:
                yield handle
        except BrokenPipeError:
            raise
        except OSError as error:
            raise cannot_write(self.path, error) from error


def open_output(
    path: Path,
    option: str,
    *,
    expected: str,
    is_ours: Callable[[Path], bool],
    reads: Iterable[str | os.PathLike[str]] = (),
    overwrite: bool | None = None,
) -> Output:
    """What ``path`` names, if it may be written: nothing yet, an empty file, a stream, or what is ours.

    Args:
        path: as the user gave it; ``-`` is standard output.
        option: that named it, for messages.
        expected: what this program writes there, with its article.
        is_ours: whether a file is such a thing, so that it may be replaced.
        reads: files that the command reads, which nothing overwrites.
        overwrite: replace what is not ours; None where the command has no option for it.

    Raises:
        UserError: it may not, or cannot, be written.
    """
    if path == STDOUT:
        return Output(path, is_stream=True, descriptor=_STDOUT)
    name = printable(str(path))
    found = _status(path, name)
    if found is not None:
        if stat.S_ISDIR(found.st_mode):
            raise UserError(f"{name}: is a folder; expected a file for {option}")
        if stat.S_ISBLK(found.st_mode):
            raise UserError(f"{name}: is a disk; expected a file for {option}")
        descriptor = _descriptor_of(found)
        if descriptor is not None or not stat.S_ISREG(found.st_mode):
            return Output(path, is_stream=True, descriptor=descriptor)
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    check_writable(target.absolute().parent)
    if found is not None and found.st_size:
        _refuse_what_is_read(name, option, found, reads)
        if not (overwrite or is_ours(target)):
            insist = "" if overwrite is None else ", or add --overwrite"
            raise UserError(f"{name}: exists and is not {expected}; choose another {option}{insist}")
    return Output(target)


def check_folder(
    folder: Path, option: str, *, expected: str, is_ours: Callable[[], bool], besides: Container[str] = ()
) -> None:
    """Raise UserError unless a folder is new, empty or ours, and can be written.

    Args:
        folder: of an output; made later.
        option: that named it.
        expected: what such a folder is, with its article.
        is_ours: whether it is one.
        besides: names of files that may lie in an otherwise empty one.
    """
    check_writable(folder)
    if not folder.is_dir():
        return
    # A hidden file may be what a kill left of the first file that is written.
    others = [path for path in folder.iterdir() if not path.name.startswith(".") and path.name not in besides]
    if others and not is_ours():
        raise UserError(
            f"{printable(str(folder))}: holds other files and is not {expected}; choose an empty or new "
            f"folder for {option}"
        )


def check_outside(folder: Path, option: str, data: Sequence[Path]) -> None:
    """Raise UserError if an output lies in a folder of data, where the next command would read it as data."""
    for each in data:
        if each.is_dir() and folder.resolve().is_relative_to(each.resolve()):
            raise UserError(
                f"{printable(str(folder))}: lies in the data folder {printable(str(each))}, where its files "
                f"would be read as data; choose another {option}"
            )


def _status(path: Path, name: str) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        check_writable(path.parent)
        raise
    except OSError as error:
        raise cannot_write(Path(name), error) from error


def _descriptor_of(found: os.stat_result) -> int | None:
    """Standard output or error if it is that file: opening it again would begin at its first byte."""
    for descriptor in (_STDOUT, _STDERR):
        try:
            if os.path.samestat(os.fstat(descriptor), found):
                return descriptor
        except OSError:
            continue
    return None


def _refuse_what_is_read(
    name: str, option: str, found: os.stat_result, reads: Iterable[str | os.PathLike[str]]
) -> None:
    for path in reads:
        try:
            same = os.path.samestat(os.stat(path), found)  # noqa: PTH116  a Path costs more, a million times
        except OSError:
            continue
        if same:
            raise UserError(
                f"{name}: is the same file as {printable(os.fspath(path))}, which the command reads; choose "
                f"another file for {option}"
            )
