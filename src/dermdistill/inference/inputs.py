"""From the paths of a command line to image files, in a stable order, one at a time.

Never holds more than the names of one folder, so that a million images cost no memory.
"""

import glob
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dermdistill.data.listing import is_hidden, is_image, is_unread, kinds, suffix
from dermdistill.errors import UserError, printable
from dermdistill.inference.name_list import read_names, standard_input

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

    @property
    def is_one_file(self) -> bool:
        """Whether a single file is named, by its path."""
        return len(self.paths) == 1 and not (
            self.paths[0] == STDIN or Path(self.paths[0]).is_dir() or _is_pattern(self.paths[0])
        )

    def __iter__(self) -> Iterator[str]:
        """The files, in the order given; those of a folder or a pattern by name.

        A path that does not exist is given on, so that scoring it says so; so is a photograph in a format
        that is not read. Other files of a folder, hidden ones among them, are left out, and counted by
        ``notes``.

        Raises:
            UserError: a folder cannot be listed, or holds no image.
        """
        for path in self.paths:
            if path == STDIN:
                yield from read_names(standard_input())
            elif Path(path).is_dir():
                yield from self._of_folder(path)
            elif _is_pattern(path):
                yield from self._of_pattern(path)
            else:
                yield path

    def count(self) -> int | None:
        """How many there are; None where standard input tells only as it comes."""
        return None if STDIN in self.paths else sum(1 for _ in self)

    def notes(self) -> list[str]:
        """A line for everything that is left out of a folder."""
        folders = [path for path in self.paths if Path(path).is_dir()]
        return [f"{path}: left out {what}" for path in folders for what in self._left_out(path)]

    def _of_folder(self, folder: str) -> Iterator[str]:
        found = False
        for content in _walk(folder, self.recursive):
            for path in content.images:
                found = True
                yield path
        if not found:
            others = sum((content.others for content in _walk(folder, self.recursive)), Counter[str]())
            held = f", only {kinds(others)}" if others else ""
            hint = "" if self.recursive else "; --recursive reads its folders too"
            raise UserError(f"{folder}: no image file in this folder{held}{hint}")

    def _of_pattern(self, pattern: str) -> Iterator[str]:
        found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207  keeps the pattern's own spelling
        meant = set(Path(pattern).parts)
        shown = [path for path in found if not any(map(is_hidden, set(Path(path).parts) - meant))]
        if not shown:
            raise UserError(f"{pattern}: no file matches this pattern")
        for path in shown:
            if not Path(path).is_dir():
                yield path
            elif self.recursive:
                yield from self._of_folder(path)

    def _left_out(self, folder: str) -> Iterator[str]:
        others: Counter[str] = Counter()
        hidden, example = 0, ""
        folders = links = 0
        for content in _walk(folder, self.recursive):
            others += content.others
            hidden += len(content.hidden)
            example = example or next(iter(content.hidden), "")
            folders += len(content.folders)
            links += content.links
        if others:
            count = others.total()
            what = "file that is not an image" if count == 1 else "files that are not images"
            yield f"{count} {what}: {kinds(others)}"
        if hidden:
            yield f"{hidden} files or folders that are hidden or a system's own, such as {printable(example)}"
        if folders and not self.recursive:
            yield f"{folders} folders in it; --recursive reads them too"
        if links and self.recursive:
            yield f"{links} links to folders"


@dataclass(slots=True)
class _Content:
    """What a folder holds.

    Attributes:
        images: paths, by name; photographs in formats that are not read among them.
        folders: names.
        hidden: names of files and folders that are hidden or a system's own.
        others: how many other files have which ending.
        links: how many links lead to folders.
    """

    images: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    links: int = 0

    def add(self, entry: os.DirEntry[str]) -> None:
        if is_hidden(entry.name):
            self.hidden.append(entry.name)
        elif entry.is_dir(follow_symlinks=False):
            self.folders.append(entry.name)
        elif is_image(entry.path) or is_unread(entry.path):
            self.images.append(entry.path)
        elif entry.is_dir():
            self.links += 1
        else:
            self.others[suffix(entry.name)] += 1


def _walk(folder: str, recursive: bool) -> Iterator[_Content]:
    """What a folder holds, then what its folders hold; links to folders are not followed."""
    content = _Content()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                content.add(entry)
    except OSError as error:
        raise UserError(f"{folder}: cannot list the folder ({error.strerror})") from None
    content.images.sort()
    folders = sorted(content.folders)
    yield content
    del content
    if recursive:
        for name in folders:
            yield from _walk(os.path.join(folder, name), recursive)  # noqa: PTH118


def _is_pattern(path: str) -> bool:
    return glob.has_magic(path) and not os.path.lexists(path)
