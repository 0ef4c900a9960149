"""From the paths of a command line to image files, in a stable order, one at a time.

Never holds more than the names of one folder, so that a million images cost no memory.
"""

import glob
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dermdistill.data.images import IMAGE_SUFFIXES
from dermdistill.errors import UserError

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Inputs:
    """Image files named by paths, folders, glob patterns and ``-``, a list on standard input.

    Attributes:
        paths: as given.
        recursive: go into the folders of folders.
    """

    paths: tuple[str, ...]
    recursive: bool = False

    def __iter__(self) -> Iterator[str]:
        """The files, in the order given; those of a folder or a pattern by name.

        A path that does not exist is given on, so that scoring it says so. Files of a folder without an image
        suffix are left out, and counted by ``notes``.

        Raises:
            UserError: a folder cannot be listed, or holds no image.
        """
        for path in self.paths:
            if path == STDIN:
                yield from _listed(sys.stdin)
            elif Path(path).is_dir():
                yield from self._of_folder(path)
            elif glob.has_magic(path) and not os.path.lexists(path):
                yield from self._of_pattern(path)
            else:
                yield path

    def count(self) -> int | None:
        """How many there are; None where standard input tells only as it comes."""
        return None if STDIN in self.paths else sum(1 for _ in self)

    def notes(self) -> list[str]:
        """A line for every folder of which something is left out."""
        return [note for path in self.paths if Path(path).is_dir() for note in self._left_out(path)]

    def _of_folder(self, folder: str) -> Iterator[str]:
        found = False
        for path in _walk(folder, self.recursive):
            found = True
            yield path
        if not found:
            hint = "" if self.recursive else "; --recursive looks into its folders too"
            raise UserError(f"{folder}: no image file in this folder{hint}")

    def _of_pattern(self, pattern: str) -> Iterator[str]:
        found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207  keeps the pattern's own spelling
        if not found:
            raise UserError(f"{pattern}: no file matches this pattern")
        for path in found:
            if not Path(path).is_dir():
                yield path
            elif self.recursive:
                yield from self._of_folder(path)

    def _left_out(self, folder: str) -> Iterator[str]:
        others = folders = links = 0
        for root, inside, files in os.walk(folder):
            others += sum(not _is_image(name) for name in files)
            if not self.recursive:
                folders = len(inside)
                break
            links += sum(os.path.islink(os.path.join(root, name)) for name in inside)  # noqa: PTH114, PTH118
        if others:
            yield f"{folder}: left out {others} files without an image suffix"
        if folders:
            yield f"{folder}: left out {folders} folders in it; --recursive takes them in"
        if links:
            yield f"{folder}: left out {links} links to folders"


def _walk(folder: str, recursive: bool) -> Iterator[str]:
    """Image files of a folder by name, then those of its folders; links to folders are not followed."""
    files, folders = [], []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif _is_image(entry.name):
                    files.append(entry.name)
    except OSError as error:
        raise UserError(f"{folder}: cannot list the folder ({error.strerror})") from None
    files.sort()
    for name in files:
        yield os.path.join(folder, name)  # noqa: PTH118  a Path object costs more than the rest of this loop
    del files
    if recursive:
        for name in sorted(folders):
            yield from _walk(os.path.join(folder, name), recursive)  # noqa: PTH118


def _is_image(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES  # noqa: PTH122


def _listed(lines: Iterable[str]) -> Iterator[str]:
    """Paths from a list, one a line; empty lines are passed over."""
    return (line for line in (line.rstrip("\r\n") for line in lines) if line)
