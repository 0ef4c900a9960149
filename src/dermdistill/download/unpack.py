"""Untrusted ZIP archives: bounded, checked, and never outside the folder."""

import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from dermdistill.data.listing import is_hidden
from dermdistill.download.client import DownloadError
from dermdistill.errors import UserError, printable
from dermdistill.files import cannot_write

_MOST_FILES = 200_000
_LARGEST_FILE = 2 << 30
_LARGEST_ARCHIVE = 200 << 30
"""In bytes, unpacked; the largest official archive has 23 GB."""

_BLOCK = 1 << 20
# What Windows takes for a drive, a stream or a pattern, and control characters.
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')


class DamagedArchiveError(UserError):
    """An archive that must be fetched again."""


class UnsafeArchiveError(DownloadError):
    """An archive as no publisher would make it."""


def members(archive: Path, left_packed: str | None = None) -> dict[str, zipfile.ZipInfo]:
    """The files of an archive by the path that each is unpacked to, with slashes.

    Archives whose files do not lie in one folder are given a folder of the archive's name. Hidden files and
    what systems leave behind stay packed, as do files whose names end with ``left_packed``.

    Raises:
        DamagedArchiveError: it is no ZIP archive, or not a whole one.
        UnsafeArchiveError: one of its files could harm.
    """
    with _reading(archive), zipfile.ZipFile(archive) as opened:
        files = [info for info in opened.infolist() if not info.is_dir()]
    for info in files:
        _check(archive, info)
    if len(files) > _MOST_FILES or sum(info.file_size for info in files) > _LARGEST_ARCHIVE:
        raise UnsafeArchiveError(f"{archive.name}: unpacks to more than any published data set has")
    paths = [_path(info) for info in files]
    if len({str(path).lower() for path in paths}) != len(paths):
        raise UnsafeArchiveError(f"{archive.name}: two of its files have the same name")
    wanted = {
        path: info
        for path, info in zip(paths, files, strict=True)
        if not any(map(is_hidden, path.parts)) and not (left_packed and path.name.endswith(left_packed))
    }
    tops = {path.parts[0] if len(path.parts) > 1 else None for path in wanted}
    folder = PurePosixPath("") if len(tops) == 1 and None not in tops else PurePosixPath(archive.stem)
    return {str(folder / path): info for path, info in wanted.items()}


def unpack(
    archive: Path,
    files: Mapping[str, zipfile.ZipInfo],
    folder: Path,
    work: Path,
    advance: Callable[[int], None],
) -> None:
    """Write files of an archive below ``folder``, each complete or not at all.

    Args:
        archive: as ``members`` read it.
        files: some of what ``members`` gave.
        folder: of the data set.
        work: on the same disk, for files that are half-written.
        advance: told of bytes that were unpacked.

    Raises:
        DamagedArchiveError: a file in it is damaged; the files before it are written.
        UserError: a file cannot be written, or the disk has no room.
    """
    needed, free = sum(info.file_size for info in files.values()), shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"{folder}: unpacking {archive.name} needs {needed / 1e9:.1f} GB, but {free / 1e9:.1f} GB are "
            "free; free some space and repeat the command"
        )
    part = work / "unpacked.part"
    with _reading(archive), zipfile.ZipFile(archive) as opened:
        for name, info in files.items():
            with _writing(folder / name):
                _make_folder(folder, (folder / name).parent)
                with opened.open(info) as packed, part.open("wb") as handle:
                    while block := packed.read(_BLOCK):
                        handle.write(block)
                        advance(len(block))
                part.replace(folder / name)


@contextmanager
def _reading(archive: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise DamagedArchiveError(f"{archive.name}: is damaged ({printable(str(error))})") from None


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from error


def _check(archive: Path, info: zipfile.ZipInfo) -> None:
    name = info.filename.replace("\\", "/")
    wrong = None
    if name.startswith("/") or ".." in name.split("/") or _FORBIDDEN.search(name):
        wrong = "has a path that leads elsewhere"
    elif stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        wrong = "is a link or a device"
    elif info.flag_bits & 1:
        wrong = "is encrypted"
    elif info.file_size > _LARGEST_FILE:
        wrong = "is larger than any published image"
    if wrong:
        raise UnsafeArchiveError(f"{archive.name}: {printable(info.filename)} {wrong}; nothing was unpacked")


def _path(info: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(info.filename.replace("\\", "/"))


def _make_folder(folder: Path, wanted: Path) -> None:
    """Make a folder below ``folder``; a link there could lead out of it."""
    if not wanted.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"{wanted}: is a link that leads out of {folder}; replace it by a folder")
    wanted.mkdir(parents=True, exist_ok=True)
