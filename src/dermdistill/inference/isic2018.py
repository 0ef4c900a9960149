"""The table of the ISIC challenge of 2018, task 3: ``image,MEL,NV,BCC,AKIEC,BKL,DF,VASC``.

Submissions hold a probability in each column, the ground truth 1 in one of them and 0 in the others. The
challenge names the category with the highest probability, so the table fixes which diagnosis is the most
likely (see ``inference.diagnoses``).
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from dermdistill.errors import UserError, printable
from dermdistill.files import begins_with
from dermdistill.inference.diagnoses import Reading, diagnoses_of
from dermdistill.inference.model import Model
from dermdistill.inference.stream import ScoredImage
from dermdistill.spreadsheet import csv_line, text_cell

CATEGORIES: Mapping[str, str] = {
    "MEL": "melanoma",
    "NV": "nevus",
    "BCC": "basal cell carcinoma",
    "AKIEC": "actinic keratosis",
    "BKL": "benign keratosis",
    "DF": "dermatofibroma",
    "VASC": "vascular lesion",
}
"""The challenge's columns, in its order, and what the diagnoses are called here."""

HEADER = csv_line(["image", *CATEGORIES])

EXPECTED = "a table of the ISIC challenge of 2018"


def check_classes(classes: Sequence[str], where: str) -> None:
    """Raise UserError unless a model tells exactly the challenge's seven diagnoses."""
    missing = [name for name in CATEGORIES.values() if name not in classes]
    others = [name for name in classes if name not in CATEGORIES.values()]
    if missing or others:
        found = f"does not tell {missing[0]}" if missing else f"tells {others[0]} too"
        raise UserError(
            f"{where}: --format isic2018 needs a model of the challenge's seven diagnoses, and this one "
            f"{found}; leave --format out"
        )


def is_challenge_table(path: Path) -> bool:
    """Whether a file begins as such a table does."""
    return begins_with(path, HEADER.encode())


def row(image: str, values: Mapping[str, float]) -> str:
    """A line of the table: a value for every diagnosis, with every digit, so that no two become equal."""
    return csv_line([text_cell(image), *(repr(float(values[name])) for name in CATEGORIES.values())])


class ChallengeRows:
    """Scored images as lines of the table; an image has one row."""

    def __init__(self, model: Model, reading: Reading) -> None:
        self._model, self._reading = model, reading
        self._paths: dict[str, str] = {}

    def line(self, scored: ScoredImage) -> str:
        """Of an image that has a prediction.

        Raises:
            UserError: an image of another folder, or frame, has the same name.
        """
        assert scored.prediction is not None
        name = os.path.splitext(os.path.basename(scored.path))[0]  # noqa: PTH119, PTH122  one of a million
        earlier = self._paths.setdefault(name, scored.name)
        if earlier != scored.name:
            raise UserError(
                f"{printable(scored.name)} and {printable(earlier)}: one row for both in {EXPECTED}, which "
                "knows images by their file names; score them one by one, or rename a file"
            )
        return row(name, diagnoses_of(scored.prediction, self._model.info, self._reading))
