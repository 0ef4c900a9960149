"""What a file's name says of the photograph in it: a mask, a version of another file, another format.

Two files are versions of one photograph if their names say so beyond doubt:

- both hold the same id of an archive (``ISIC_0024306``, ``PAT_1680_3038_587``, ``IMD003``), whatever else;
- or one is named after the other with words that say how it was made (``_rot90``, ``_flip``, ``aug_3_``,
  ``_copy``, ``_resized``, the hash of a Roboflow export), and both lie in one folder; or in two folders of
  one diagnosis, where the name is distinctive (it holds a number of three digits or more);
- or one is named after the other with a bare number (``IMG_0001_2``, ``IMG_0001 (1)``), the other is there
  too, in the same folder, and its name is distinctive.

So ``IMG_0001`` and ``IMG_0002``, or ``photo_1`` and ``photo_2``, are different photographs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DICOM = ".dcm"

_PARTS = (
    r"masks?|segmentations?|seg|superpixels?|ground ?truth|gt|overlays?|heatmaps?|grad[ _-]?cam|contours?"
)
_MASK = re.compile(
    rf"(?:^|.*[_\-. ])(?:{_PARTS}|attribute_.*)(?:[_\-. ]*\(?\d+\)?)?|(?:{_PARTS})[_\-. ].*"
    r"|IMD\d{3}_lesion",
    re.IGNORECASE,
)

_ARCHIVE_ID = re.compile(
    r"(?<![a-z0-9])(?:isic[_-]?(\d{7})(?!\d)|(pat_\d+_\d+_\d+)(?!\d)|(imd\d{3})(?!\d)|([0-9a-f]{32})(?![0-9a-f]))",
    re.IGNORECASE,
)
_ROBOFLOW = re.compile(r"(.+?)(?:[._](?:jpe?g|png|bmp|tiff?|gif|webp))+\.rf\.[0-9a-z]+", re.IGNORECASE)

_MADE_BY = (
    r"(?:(?:cent(?:er|re)|random|gaussian|color|colour|motion|elastic)[ _-])?(?:"
    r"aug(?:ment(?:ed|ation)?)?|rot(?:at(?:ed?|ion))?(?:[ _-]by)?|r(?=90|180|270)"
    r"|[hv]?[_-]?(?:flip(?:ped)?|mirror(?:ed)?)"
    r"(?:[_-]?(?:[hv]|lr|ud|horizontal(?:ly)?|vertical(?:ly)?))?|crop(?:ped)?|resized?|rescaled?|scaled|downsampled"
    r"|downscaled|upsampled|small|thumb(?:nail)?|bright(?:er|ness)?|dark(?:er)?|contrast|nois[ey]|blur(?:red)?"
    r"|zoom(?:ed)?|shift(?:ed)?|shear(?:ed)?|gamma|hue|saturation|jitter|gr[ae]y(?:scale)?|clahe|equali[sz]ed"
    r"|normali[sz]ed|enhanced|sharpened|dehaired|hair[_-]?removed|edited|copy|kopie|kopia|copie|copia"
    r"|duplicate|original|orig|transposed?|elastic|warp(?:ed)?|compressed|low[_-]?res|hi(?:gh)?[_-]?res"
    r"|inpainted|no[_-]?hair|tn)"
)
_WORD_AFTER = re.compile(
    rf"(.+?)(?: - |[ _\-.])(?:{_MADE_BY})(?:[ _\-.]*(?:\(\d+\)|\d+(?:x\d+)?(?:deg)?))*", re.IGNORECASE
)
_SIZE_AFTER = re.compile(r"(.+?)[ _-]\d{2,4}x\d{2,4}", re.IGNORECASE)
_WORD_BEFORE = re.compile(
    rf"(?:{_MADE_BY})(?:[ _\-.]*\d{{1,3}}(?!\d))?(?: (?:of|von|de))?[ _\-.]+(.+)", re.IGNORECASE
)
_NUMBER_AFTER = re.compile(r"(.+?)(?:[ _-]\d{1,3}| ?\(\d{1,3}\)|~\d)")
# The library Augmentor writes "<folder>_original_<name>.jpg_<uuid>".
_AUGMENTOR = re.compile(
    r".*?_original_(.+?)(?:\.(?:jpe?g|png|bmp|tiff?|gif|webp))?_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    re.IGNORECASE,
)
_ENDING = re.compile(r"(.+?)\.(?:jpe?g|png|bmp|tiff?|gif|webp)", re.IGNORECASE)
_DISTINCTIVE = re.compile(r"\d{3}")


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a photograph's file without its ending, its folder, and its diagnosis."""

    stem: str
    folder: str = ""
    diagnosis: str = ""


def is_mask(path: Path) -> bool:
    """Whether a file is not a photograph but a mask, superpixels or another drawing of one."""
    stem = _without_export(path.stem)
    return _MASK.fullmatch(stem) is not None


def versions(photographs: Sequence[Named]) -> list[list[str]]:
    """Keys of each photograph: those that share one are versions of one photograph."""
    there = {(each.folder, each.stem) for each in photographs}
    originals = [_original_of(each, there) for each in photographs]
    # Only a name that stands for one photograph in all folders of a diagnosis is looked for in all of them.
    elsewhere = {
        (each.diagnosis, original)
        for each, original in zip(photographs, originals, strict=True)
        if original != each.stem and _DISTINCTIVE.search(original)
    }
    return [
        _keys(each, original, (each.diagnosis, original) in elsewhere)
        for each, original in zip(photographs, originals, strict=True)
    ]


def archive_id(stem: str) -> str | None:
    """The id of a published archive that a file name holds, in one spelling; None if there is none."""
    found = _ARCHIVE_ID.search(_without_export(stem))
    if found is None:
        return None
    return f"isic_{found[1]}" if found[1] else found[0].lower()


def _keys(each: Named, original: str, in_all_folders: bool) -> list[str]:
    known = archive_id(each.stem)
    if known is not None:
        return [f"archive:{known}"]
    everywhere = [f"diagnosis:{each.diagnosis}/{original}"] if in_all_folders else []
    return [f"file:{each.folder}/{original}", *everywhere]


def _original_of(each: Named, there: set[tuple[str, str]]) -> str:
    """The name of the photograph of which this file is a version; its own name if it is none."""
    shorter = _original(each.stem)
    numbered = _NUMBER_AFTER.fullmatch(shorter)
    if numbered and _DISTINCTIVE.search(numbered[1]) and (each.folder, numbered[1]) in there:
        return numbered[1]
    # "melanoma_dark_7" is a name of its own: no photograph is called melanoma.
    if any(map(str.isdigit, shorter)) or (each.folder, shorter) in there:
        return shorter
    return each.stem


def _original(stem: str) -> str:
    """A name without all that says how the file was made of another one."""
    shorter = _without_export(stem)
    for pattern in (_AUGMENTOR, _ENDING, _WORD_AFTER, _SIZE_AFTER, _WORD_BEFORE):
        found = pattern.fullmatch(shorter)
        if found:
            shorter = found[1]
    return shorter if shorter == stem else _original(shorter)


def _without_export(stem: str) -> str:
    found = _ROBOFLOW.fullmatch(stem)
    return found[1] if found else stem
