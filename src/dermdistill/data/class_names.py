"""What the names in a data set mean: the user's word first, then the vocabulary.

A name is a folder's, or a value of the label column.
"""

import re
from collections.abc import Mapping, Sequence

from dermdistill.data.diagnoses import OTHER, UNDECIDED, canonical, folded, mentions_melanoma, of_levels
from dermdistill.errors import UserError
from dermdistill.reading import Reading
from dermdistill.records import MELANOMA

LEAVE_OUT = "leave-out"
"""In place of a diagnosis: do not read the images of this name."""

_SHOWN = 30


def parse_reading(
    labels: Sequence[str] | None, positive: Sequence[str] | None, columns: Sequence[str | None] = ()
) -> Reading:
    """The options ``--label NAME=DIAGNOSIS``, ``--positive NAME`` and ``--image-column`` and the like.

    Args:
        labels: as given, each ``NAME=DIAGNOSIS``.
        positive: as given.
        columns: of the image, the label, the lesion and the patient, where given.

    Raises:
        UserError: a label without ``=``, a diagnosis that is not understood, a name with two meanings, or one
            column for two things.
    """
    positive = positive or ()
    meanings: dict[str, str] = {}
    for text in labels or ():
        name, equals, diagnosis = (part.strip() for part in text.rpartition("="))
        if not (name and equals and diagnosis):
            raise UserError(f"--label {text}: expected NAME=DIAGNOSIS, such as 'mel_2=melanoma'")
        meaning = LEAVE_OUT if folded(diagnosis) == folded(LEAVE_OUT) else canonical(diagnosis)
        if meaning in (None, UNDECIDED):
            raise UserError(
                f"--label {text}: {diagnosis!r} does not say whether it is melanoma; expected melanoma, "
                f"another diagnosis (or just other), or {LEAVE_OUT}"
            )
        earlier = {_key(known): value for known, value in meanings.items()}.get(_key(name), meaning)
        if earlier != meaning or (meaning != MELANOMA and _key(name) in map(_key, positive)):
            raise UserError(f"--label {text}: {name!r} has two meanings; keep one of them")
        meanings[name] = meaning
    reading = Reading(meanings, tuple(positive), *columns)
    given: dict[str, str] = {}
    for option, column in reading.columns.items():
        other = given.setdefault(column, option)
        if other != option:
            raise UserError(
                f"{other} {column} and {option} {column}: one column cannot be both; give one of them"
            )
    return reading


def users_word(names: Sequence[str], reading: Reading) -> str | None:
    """The diagnosis that the user gives to these names of one lesion, from coarse to fine; None if none."""
    keys = [_key(name) for name in names]
    if any(_key(name) in keys for name in reading.positive):
        return MELANOMA
    meanings = {_key(name): meaning for name, meaning in reading.labels.items()}
    return next((meanings[key] for key in reversed(keys) if key in meanings), None)


def meaning_of(names: Sequence[str], reading: Reading) -> str | None:
    """The diagnosis that these names, from coarse to fine, give to one lesion.

    ``UNDECIDED``, ``LEAVE_OUT``, or None where they are not understood. Where the user says which names mean
    melanoma, one that is not understood is another diagnosis, unless it speaks of melanoma.
    """
    given = users_word(names, reading)
    if given is not None:
        return given
    meaning = of_levels(names)
    if meaning is None and reading.positive and not any(map(mentions_melanoma, names)):
        return OTHER
    return meaning


def refuse_open(where: str, names: Mapping[str, int]) -> None:
    """Raise UserError where there are names that are not understood.

    Args:
        where: the folder or table, for the message.
        names: the number of images of each.
    """
    if not names:
        return
    first = next(iter(names))
    raise UserError(
        f"{where}: {with_counts(names)}: not understood as a diagnosis, so it is open whether these images "
        f'show melanoma; say --label "{first}=melanoma", --label "{first}=other" (or the diagnosis), or '
        f'--label "{first}={LEAVE_OUT}"' + (", and so on for each" if len(names) > 1 else "")
    )


def check_names(where: str, names: Mapping[str, int], diagnoses: Sequence[str], reading: Reading) -> None:
    """Check the user's word against what was read.

    Args:
        where: the data, for the message.
        names: all names that the data gives its images, with their number.
        diagnoses: of the records that were read.
        reading: the user's word.

    Raises:
        UserError: a name that the user gives occurs nowhere, or no image shows melanoma.
    """
    known = {_key(name) for name in names}
    for option, given in (("--positive", reading.positive), ("--label", tuple(reading.labels))):
        unknown = [name for name in given if _key(name) not in known]
        if unknown:
            raise UserError(f"{option} {unknown[0]}: no such name in {where}; it has {with_counts(names)}")
    if MELANOMA not in diagnoses:
        raise UserError(
            f"{where}: no image shows melanoma; its labels are {with_counts(names)}; if one of them means "
            "melanoma, say --positive NAME"
        )


def note_on_negatives(others: Mapping[str, int], reading: Reading) -> list[str]:
    """A note on the names that are other diagnoses only because the user says what melanoma is."""
    implied = {
        name: count
        for name, count in others.items()
        if canonical(name) is None and users_word([name], reading) is None
    }
    return [f"not melanoma, as --positive does not name them: {with_counts(implied)}"] if implied else []


def with_counts(names: Mapping[str, int]) -> str:
    """Names with their numbers of images, for a message: ``batch 1 (12 images), nevus (1 image)``."""
    shown = [f"{name} ({count} image{'s' * (count != 1)})" for name, count in list(names.items())[:_SHOWN]]
    others = len(names) - len(shown)
    return ", ".join(shown) + (f" and {others} more names" if others else "")


def _key(name: str) -> str:
    """Equal keys are the same name; ``1`` and ``1.0`` are."""
    return re.sub(r"^(\d+)\.0+$", r"\1", folded(name))
