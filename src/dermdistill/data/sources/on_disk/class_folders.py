"""Which folders of a data set are classes: a tree of folders, and what their names and contents say.

A folder that itself holds splits (``train``, ``test``) or classes is never a class. Folders of masks,
augmented images, thumbnails and the like are passed over, and counted.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dermdistill.data.class_names import LEAVE_OUT, users_word
from dermdistill.data.diagnoses import UNDECIDED, canonical, folded, means_malignant, mentions_melanoma
from dermdistill.data.listing import is_hidden, is_image
from dermdistill.data.sources.on_disk.photographs import is_mask
from dermdistill.errors import UserError
from dermdistill.reading import Reading
from dermdistill.records import MELANOMA, SplitName

_SPLITS: dict[SplitName, str] = {
    "train": "train|training",
    "val": "val|valid|validation|dev",
    "test": "test|testing|holdout|hold out",
}
_BESIDE_SPLIT = (
    r"(?: (?:set|sets|dir|data|dataset|sep|split|images?|imgs?|folder|photos?|cropped|resized|\d+))*"
)

# A folder "Aug 2019" is one of a month.
_NO_PHOTOGRAPHS = re.compile(
    r"(?!.*\b(?:\d{2,4} aug|aug \d{2,4})\b)"
    r"(?:(?:.* )?(?:masks?|segmentations?|segmented|segs?|super ?pixels?|annotations?|labels?|b ?boxes"
    r"|bbox|ground ?truths?|heat ?maps?|grad ?cams?|saliency|overlays?|predictions?|preds?|outputs?|results?"
    r"|runs|logs?|checkpoints?|weights|thumbnails?|thumbs?|cache[sd]?|aug|augs|augmented|augmentations?|synthetic"
    r"|generated|duplicates?)"
    r"(?: (?:images?|imgs?|photos?|data|set|png|jpe?g|\d+))*|(?:masks?|aug|augmented|thumbs?|synthetic) .*)"
)
_ANSWER = re.compile(
    r"(?:class |label )?(?:yes|no|true|false|pos(?:itives?)?|neg(?:atives?)?|cases?|controls?)"
)
"""Answers to the question whether a lesion is what the folder above is called."""
_DENIED = re.compile(r"[?]|\b(?:no|not|non|without|vs|versus|rule|ruled|wrong|possibl[ey]|maybe|benign)\b")
_NO_LABELS = re.compile(
    r"rejected|excluded?|discard(?:ed)?|deleted|trash|corrupt(?:ed)?|damaged|blurr(?:y|ed)"
    r"|(?:bad|low|poor) quality"
)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder and what lies in it, hidden things and masks left out.

    Attributes:
        images: files directly in it.
        masks: how many masks lie directly in it.
        others: all other files directly in it.
        folders: those directly in it.
        passed_over: folders of no photographs directly in it, and their numbers of images.
    """

    path: Path
    images: tuple[Path, ...]
    masks: int
    others: tuple[Path, ...]
    folders: tuple["Folder", ...]
    passed_over: Mapping[Path, int]

    @property
    def holding(self) -> list["Folder"]:
        """The folders in it that hold images, at any depth."""
        return [each for each in self.folders if any(folder.images for folder in each.walk())]

    @property
    def name(self) -> str:
        return self.path.name

    def walk(self) -> Iterator["Folder"]:
        """It and all folders below."""
        yield self
        for folder in self.folders:
            yield from folder.walk()

    def all_images(self) -> list[Path]:
        """Its images and those of all folders below, in a stable order."""
        return [image for folder in self.walk() for image in folder.images]


@dataclass(frozen=True, slots=True)
class ClassFolder:
    """A folder whose name says what its images show, and the split that they belong to."""

    folder: Folder
    split: SplitName | None


def scan(path: Path, reading: Reading) -> Folder:
    """The folders below ``path``; links are followed, and each folder is listed once."""
    return _scan(path, reading, set())


def _scan(path: Path, reading: Reading, seen: set[str]) -> Folder:
    seen.add(os.path.realpath(path))
    images: list[Path] = []
    others: list[Path] = []
    folders: list[Folder] = []
    passed_over: dict[Path, int] = {}
    masks = 0
    for entry in sorted(path.iterdir()):
        if entry.is_dir():
            if os.path.realpath(entry) in seen:
                continue
            named = users_word([entry.name], reading) is not None
            if named or not holds_no_photographs(entry.name):
                folders.append(_scan(entry, reading, seen))
            elif count := _count_images(entry):
                passed_over[entry] = count
        elif is_hidden(entry.name):
            continue
        elif not is_image(str(entry)):
            others.append(entry)
        elif is_mask(entry):
            masks += 1
        else:
            images.append(entry)
    return Folder(path, tuple(images), masks, tuple(others), tuple(folders), passed_over)


def holds_no_photographs(name: str) -> bool:
    """Whether a folder of this name holds masks, copies, caches or the like, and no photographs."""
    return is_hidden(name) or _NO_PHOTOGRAPHS.fullmatch(folded(name)) is not None


def _count_images(path: Path) -> int:
    return sum(
        not name.startswith("._") and is_image(str(Path(folder) / name))
        for folder, _, names in os.walk(path)
        for name in names
    )


def has_no_labels(name: str) -> bool:
    """Whether images in a folder of this name are known to have no diagnosis, or a split's."""
    return (canonical(name) == UNDECIDED and not means_malignant(name)) or _NO_LABELS.fullmatch(
        folded(name)
    ) is not None


def split_of(name: str) -> SplitName | None:
    """The split that a folder's name stands for."""
    key = folded(name)
    return next(
        (split for split, words in _SPLITS.items() if re.fullmatch(f"(?:{words}){_BESIDE_SPLIT}", key)), None
    )


def find_classes(folder: Folder, reading: Reading, split: SplitName | None = None) -> list[ClassFolder]:
    """The folders of classes below ``folder``; empty where there are none.

    Raises:
        UserError: the folder of a diagnosis holds folders of others, or several data sets lie side by side.
    """
    holding = folder.holding
    inner = {each.path: find_classes(each, reading, split_of(each.name) or split) for each in holding}
    of_splits = [each for each in holding if _is_split(each, reading) and inner[each.path]]
    if of_splits:
        return [found for each in of_splits for found in inner[each.path]]
    own = users_word([folder.name], reading) or canonical(folder.name)
    if not any(inner.values()) and not any(_is_class(each, own, reading) for each in holding):
        return []
    return [found for each in holding for found in _expanded(each, inner[each.path], folder, reading, split)]


def _is_split(folder: Folder, reading: Reading) -> bool:
    return split_of(folder.name) is not None and users_word([folder.name], reading) is None


def _is_class(folder: Folder, parent: str | None, reading: Reading) -> bool:
    """Whether a name makes its folder a class, so that those beside it must be classes too."""
    name = folder.name
    if users_word([name], reading) is not None:
        return True
    if _splits_in(folder, reading):
        return False
    if means_malignant(name):
        return True
    meaning = canonical(name)
    # In a folder of melanomas, "melanoma 1" and "melanoma 2" are not classes.
    return meaning not in (None, UNDECIDED) or (parent in (None, UNDECIDED) and mentions_melanoma(name))


def _expanded(
    folder: Folder, inner: list[ClassFolder], parent: Folder, reading: Reading, split: SplitName | None
) -> list[ClassFolder]:
    """The classes that one of several folders stands for: itself, or those in it."""
    own = canonical(folder.name)
    if users_word([folder.name], reading) is not None or has_no_labels(folder.name):
        return [ClassFolder(folder, split)]
    splits = _splits_in(folder, reading)
    if not inner and not splits and not _answers_in(folder, own, reading):
        return [ClassFolder(folder, split)]
    if inner and (means_malignant(folder.name) or len(parent.holding) == 1):
        return inner
    if inner and own is None:
        raise UserError(
            f"{folder.path}: is not a diagnosis, but holds folders of diagnoses, and is not alone in "
            f"{parent.path}; give the path of one data set"
        )
    others = [each.folder.name for each in inner if _contradicts(each.folder.name, own, reading)]
    others = others or _answers_in(folder, own, reading)
    if splits or others:
        raise UserError(
            f"{folder.path}: holds the folder {(splits or others)[0]}, so it is not a folder of one "
            "diagnosis; move that folder, or say what all these images show: "
            f'--label "{folder.name}=DIAGNOSIS"'
        )
    return [ClassFolder(folder, split)]


def _answers_in(folder: Folder, own: str | None, reading: Reading) -> list[str]:
    """Folders in that of a diagnosis whose names say that some of its images may not show it."""
    if own is None:
        return []
    names = [each.name for inner in folder.folders for each in inner.walk() if each.images]
    keys = {folded(name) for name in names}
    # Folders 0 and 1 alone are answers to the question whether it is one; of 0, 1, 2 they may be patients.
    by_number = keys == {"0", "1"}
    return [
        name
        for name in names
        if users_word([name], reading) is None
        and (
            by_number
            or _ANSWER.fullmatch(folded(name))
            or has_no_labels(name)
            or (own != MELANOMA and (mentions_melanoma(name) or means_malignant(name)))
            or (own == MELANOMA and canonical(name) is None and _DENIED.search(folded(name)))
        )
    ]


def _splits_in(folder: Folder, reading: Reading) -> list[str]:
    return [each.name for each in folder.holding if _is_split(each, reading)]


def _contradicts(name: str, parent: str | None, reading: Reading) -> bool:
    """Whether images of this name are not melanomas in a folder of melanomas, or the other way round."""
    meaning = users_word([name], reading) or canonical(name)
    return meaning == LEAVE_OUT or (meaning is not None and (meaning == MELANOMA) != (parent == MELANOMA))
