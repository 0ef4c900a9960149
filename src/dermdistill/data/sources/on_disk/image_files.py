"""The image files of a data set, found by what its tables call them: an id, a file's name or a path."""

from collections.abc import Collection
from pathlib import Path

from dermdistill.data.images import IMAGE_SUFFIXES, ImageFile
from dermdistill.data.listing import is_image, is_unread, stem, suffix
from dermdistill.data.sources.on_disk.class_folders import holds_no_photographs
from dermdistill.data.sources.on_disk.hdf5 import Hdf5Images
from dermdistill.data.sources.on_disk.photographs import DICOM
from dermdistill.data.sources.on_disk.walk import visible_files
from dermdistill.errors import UserError
from dermdistill.records import ImageSource

_FORMATS = ((".jpg", ".jpeg"), (".png",), (".tif", ".tiff"), (".webp",), (".bmp",), (".gif",), (DICOM,))


def as_path(cell: str) -> str:
    """What a cell says as a path with slashes; tables of Windows have backslashes."""
    return cell.replace("\\", "/").removeprefix("./")


def name_in(cell: str) -> str:
    """The image's name in a cell, without its folders and the ending of a file of images."""
    name = as_path(cell).rpartition("/")[2]
    return stem(name) if suffix(name) in IMAGE_SUFFIXES else name


class ImageFiles:
    """All image files below a folder, and those in its HDF5 files (as the challenge of 2024 packs them)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._files = find_images(root)
        self._packed = Hdf5Images(root)
        self._used: set[str] = set()

    def find(self, cell: str, folder: Path, *, alone: bool = True) -> ImageSource | None:
        """The image that a cell of a table names; None if there is none.

        A path is looked up from the table's folder, then from the root. Otherwise the file is found by its
        name, with as many of the path's folders as fit; of two that fit alike, one must be a copy.

        Args:
            cell: an id, a file's name or a path.
            folder: of the table.
            alone: whether no other path of the tables ends in this file's name; else a file in a folder of
                another name is not taken for it.

        Raises:
            UserError: several different files have the name.
        """
        written, name = as_path(cell), name_in(cell)
        if name != cell:
            for path in (folder / written, self.root / written):
                if suffix(path.name) and path.is_file():
                    self._used.add(name)
                    return ImageFile(path)
        candidates = self._files.get(name, [])
        if not candidates:
            return self._packed.find(name)
        if not alone:
            candidates = [path for path in candidates if _shared_end(path, written) > 1]
        if not candidates:
            return None
        if len(candidates) > 1:
            fits = {path: _shared_end(path, written) for path in candidates}
            best = [path for path in candidates if fits[path] == max(fits.values())]
            candidates = [_only_one(_photographs(best, self.root))]
        self._used.add(name)
        return ImageFile(candidates[0])

    def in_several_formats(self) -> int:
        """How many of the images found are there in several formats."""
        return sum(
            len({_place(path) for path in _photographs(self._files.get(name, []), self.root)}) > 1
            for name in self._used
        )

    def unused(self, but: Collection[str]) -> int:
        """How many images no table has asked for, not counting those of these names."""
        files = sum(name not in self._used and name not in but for name in self._files)
        return files + self._packed.unused(but)


def find_images(root: Path) -> dict[str, list[Path]]:
    """All image files below ``root`` by their name without its ending; hidden ones are passed over.

    Folders are listed once each, whatever the number of images; links to folders are followed. A photograph
    in a format that is not read is given where there is no other of its name: decoding it says what to do.
    """
    found: dict[str, list[Path]] = {}
    unread: dict[str, list[Path]] = {}
    for path in visible_files(root):
        if is_image(str(path)):
            found.setdefault(stem(path.name), []).append(path)
        elif is_unread(str(path)):
            unread.setdefault(stem(path.name), []).append(path)
    return unread | found


def _shared_end(path: Path, written: str) -> int:
    """How many of the last parts of both paths are equal."""
    pairs = zip(reversed(path.parts), reversed(written.split("/")), strict=False)
    return next((count for count, (one, other) in enumerate(pairs) if one != other), len(path.parts))


def _photographs(paths: list[Path], root: Path) -> list[Path]:
    """Files of one name without those in folders of masks, thumbnails and the like, unless all are."""
    if len(paths) == 1:
        return paths
    return [
        path for path in paths if not any(map(holds_no_photographs, path.parent.relative_to(root).parts))
    ] or paths


def _only_one(paths: list[Path]) -> Path:
    """The file of an image; copies of one size are taken for the same image, as some mirrors hold them.

    Of several formats the first in ``_FORMATS`` is read: masks often have their image's name and are PNG.
    """
    first, *others = sorted(paths, key=_place)
    for other in others:
        same_format = _place(other) == _place(first)
        if same_format and other.stat().st_size != first.stat().st_size:
            raise UserError(
                f"{other}: differs from {first}, which has the same name; keep one of them, or say in the "
                "table which folder it is in"
            )
    return first


def _place(path: Path) -> int:
    ending = path.suffix.lower()
    return next((place for place, formats in enumerate(_FORMATS) if ending in formats), len(_FORMATS))
