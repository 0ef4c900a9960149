"""What the files of a folder are: images, photographs in formats that are not read, a system's own."""

import os
from collections.abc import Mapping

from dermdistill.data.dicom import is_dicom
from dermdistill.data.images import IMAGE_SUFFIXES

UNREAD_SUFFIXES = frozenset(
    {".heic", ".heif", ".hif", ".avif", ".jxl", ".jp2", ".j2k", ".jpx", ".jxr"}
    | {".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".sr2", ".orf", ".rw2", ".raf", ".pef", ".srw"}
)
"""Endings of photographs in formats that are not read, in lower case; they count as images with an error."""

# What Synology and QNAP boxes, macOS, Windows, Linux and Python leave in folders, in lower case.
_OF_SYSTEMS = frozenset(
    {"__macosx", "@eadir", "#recycle", "@recycle", "@recently-snapshot", "lost+found", "__pycache__"}
    | {"thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "picasa.ini", "icon\r"}
    | {"$recycle.bin", "system volume information", "network trash folder", "temporary items"}
)
_INDEX = "dicomdir"
"""The table of contents of a folder of DICOM files; itself a DICOM file, but of no image."""


def is_hidden(name: str) -> bool:
    """Whether a file or folder is hidden, or one that systems and archive programs leave behind."""
    return name.startswith((".", "~$")) or name.lower() in _OF_SYSTEMS


def is_image(path: str) -> bool:
    """Whether this file is an image that can be read: by its ending, or a DICOM file without one.

    Archives of clinics name files by numbers, such as ``IM0001`` or ``1.2.840.10008.1``; these are opened.
    """
    ending = suffix(path)
    return ending in IMAGE_SUFFIXES or (ending == "" and _is_dicom_file(path))


def is_unread(path: str) -> bool:
    """Whether this file is, by its ending, a photograph in a format that is not read."""
    return suffix(path) in UNREAD_SUFFIXES


def suffix(path: str) -> str:
    """The ending in lower case with its dot; none where it is a number, which is part of a name."""
    ending = os.path.splitext(path)[1].lower()  # noqa: PTH122  a Path object costs more than the rest
    return "" if ending[1:].isdecimal() else ending


def stem(name: str) -> str:
    """A file's name without its ending."""
    return name[: len(name) - len(suffix(name))]


def image_name(cell: str) -> str:
    """An image's name as tables write it, without the folders and the ending of a file of images."""
    return stem(os.path.basename(cell)) if suffix(cell) in IMAGE_SUFFIXES else cell  # noqa: PTH119


def kinds(counts: Mapping[str, int]) -> str:
    """How many files have which ending, for a note: ``2 .csv, 1 without ending``."""
    named = sorted((ending or "without ending", count) for ending, count in counts.items())
    return ", ".join(f"{count} {ending}" for ending, count in named)


def _is_dicom_file(path: str) -> bool:
    if os.path.basename(path).lower() == _INDEX or not os.path.isfile(path):  # noqa: PTH113, PTH119
        return False
    try:
        with open(path, "rb") as handle:  # noqa: PTH123
            return is_dicom(handle.read(132))
    except OSError:
        return False
