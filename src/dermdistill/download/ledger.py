"""What this command wrote into a folder: so that it resumes, finds damage, and touches nothing else."""

import contextlib
import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dermdistill.data.listing import is_hidden
from dermdistill.errors import UserError
from dermdistill.files import cannot_write, lock, write_text
from dermdistill.outputs import check_folder

_NAME = ".dermdistill-download.json"
_WORK = ".dermdistill-download.part"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A file of ours.

    Attributes:
        size: in bytes.
        crc: CRC-32 of its content; None until it is known.
        parcel: the archive or the listing that it came in.
    """

    size: int
    crc: int | None
    parcel: str


class Ledger:
    """The files of one data set in one folder, and what they should be; see ``opened``."""

    def __init__(self, folder: Path, data_set: str, entries: dict[str, LedgerEntry]) -> None:
        self.folder = folder
        self.work = folder / _WORK
        self._data_set = data_set
        self._entries = entries

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def names(self, parcel: str | None = None) -> list[str]:
        """The paths of all files, or of those of one parcel, below the folder and with slashes."""
        return [name for name, entry in self._entries.items() if parcel in (None, entry.parcel)]

    def claim(self, entries: dict[str, LedgerEntry]) -> None:
        """Note files before they are written: what lies there from then on is ours.

        Raises:
            UserError: something lies there already that is not ours.
        """
        for name in entries:
            path = self.folder / name
            if name not in self._entries and os.path.lexists(path):
                raise UserError(
                    f"{path}: exists, and this command did not write it; move it away or choose another "
                    "folder"
                )
        self._entries |= entries
        self.save()

    def keep(self, path: Path, name: str, parcel: str) -> None:
        """Move a complete file from the work folder to its place.

        Raises:
            UserError: something lies there already that is not ours, or it cannot be written.
        """
        self.claim({name: LedgerEntry(path.stat().st_size, None, parcel)})
        self.settle(path, name)
        self.save()

    def settle(self, path: Path, name: str) -> None:
        """Move a complete file to the place that was claimed for it; ``save`` notes its content.

        Raises:
            UserError: it cannot be written.
        """
        entry = self._entries[name]
        with _says_what_fails(self.folder / name):
            crc = crc_of(path)
            (self.folder / name).parent.mkdir(exist_ok=True)
            path.replace(self.folder / name)
        self._entries[name] = LedgerEntry(entry.size, crc, entry.parcel)

    def save(self) -> None:
        """Write it; raises UserError when it cannot be written."""
        files = {name: [entry.size, entry.crc, entry.parcel] for name, entry in self._entries.items()}
        write_text(self.folder / _NAME, json.dumps({"data_set": self._data_set, "files": files}))

    def is_whole(self, name: str) -> bool:
        """Whether the file is there with the right content; reads all of it."""
        entry, path = self._entries[name], self.folder / name
        try:
            if path.stat().st_size != entry.size:
                return False
            return entry.crc is None or crc_of(path) == entry.crc
        except OSError:
            return False

    def set_aside(self, name: str) -> bool:
        """Rename what lies where a file should be, if anything does: it may have been changed on purpose."""
        path = self.folder / name
        if not os.path.lexists(path):
            return False
        asides = (path.with_name(f"{path.name}.damaged{number}") for number in ("", *range(2, 1000)))
        with _says_what_fails(path):
            path.rename(next(aside for aside in asides if not os.path.lexists(aside)))
        return True

    def extra_files(self) -> list[str]:
        """Visible files of the folder that are not ours."""
        found: list[str] = []
        for at, below, names in os.walk(self.folder):
            below[:] = sorted(name for name in below if not is_hidden(name))
            paths = (Path(at, name).relative_to(self.folder).as_posix() for name in sorted(names))
            found += [path for path in paths if path not in self and not is_hidden(path.rpartition("/")[2])]
        return found


@contextlib.contextmanager
def opened(folder: Path, data_set: str) -> Iterator[Ledger]:
    """The ledger of a folder, kept to this process.

    Raises:
        UserError: the folder cannot be written, holds other things, or is being written by another process.
    """
    check_folder(folder, "DIR", expected="a download of this command", is_ours=(folder / _NAME).is_file)
    entries = _read(folder, data_set)
    ledger = Ledger(folder, data_set, entries)
    with _says_what_fails(folder):
        ledger.work.mkdir(parents=True, exist_ok=True)
        handle = (ledger.work / "lock").open("w")
    with handle:
        lock(handle, folder)
        yield ledger


def crc_of(path: Path) -> int:
    """CRC-32 of a file's content."""
    crc = 0
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            crc = zlib.crc32(block, crc)
    return crc


def _read(folder: Path, data_set: str) -> dict[str, LedgerEntry]:
    path = folder / _NAME
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text())
        entries = {name: LedgerEntry(*values) for name, values in content["files"].items()}
        begun = content["data_set"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path}: cannot be read ({error!r}); it says what was downloaded; choose another folder"
        ) from None
    if begun != data_set:
        raise UserError(f"{folder}: holds {begun}; choose another folder for {data_set}")
    return entries


@contextlib.contextmanager
def _says_what_fails(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from error
