"""What a row of an ISIC or HAM10000 table says of the diagnosis.

Understood, in this order: one-hot ground truth of the challenges of 2018 and 2019; the levels
``diagnosis_1`` to ``diagnosis_5`` of ISIC Archive exports (``iddx_1`` and so on in the challenge of 2024);
one text column; ``benign_malignant``, or ``target`` where there is nothing else.
"""

from collections.abc import Collection
from dataclasses import dataclass

from dermdistill.data.diagnoses import BENIGN, OTHER, UNDECIDED
from dermdistill.data.sources.names import meaning_of, users_word
from dermdistill.data.sources.tables import Row, Table
from dermdistill.errors import UserError
from dermdistill.reading import Reading
from dermdistill.records import MELANOMA

# Levels four and five are subtypes, such as "Nevus, Atypical, Dysplastic, or Clark".
_LEVELS = tuple(tuple(f"{stem}_{level}" for level in (1, 2, 3)) for stem in ("diagnosis", "iddx"))
_TEXT = ("diagnosis", "dx")
_ONE_HOT = ("mel", "nv", "bcc", "akiec", "ak", "bkl", "df", "vasc", "scc", "unk")
_BENIGN_OR_NOT = {"benign": False, "malignant": True, "0": False, "1": True, "0.0": False, "1.0": True}

LABEL_COLUMNS = (
    *(name for levels in _LEVELS for name in levels),
    *_TEXT,
    *_ONE_HOT,
    "benign_malignant",
    "target",
)
"""All columns that this module reads."""

LABEL_COLUMNS_IN_WORDS = "diagnosis, dx, diagnosis_1, one-hot MEL and NV, benign_malignant or target"


@dataclass(frozen=True, slots=True)
class Label:
    """What a row says of its lesion.

    Attributes:
        names: as the table has them, from coarse to fine; that of ``benign_malignant`` or ``target`` first.
        diagnosis: what they mean; see ``names.meaning_of``.
    """

    names: tuple[str, ...]
    diagnosis: str | None


def has_labels(columns: Collection[str]) -> bool:
    """Whether a table with these columns (lower case) says anything of diagnoses."""
    return _names_diagnoses(columns) or "benign_malignant" in columns or "target" in columns


def label(table: Table, row: Row, reading: Reading) -> Label:
    """The label of one row.

    Raises:
        UserError: a one-hot row or a ``target`` that is not made of 0 and 1, or a melanoma called benign.
    """
    column = _malignancy_column(table)
    malignancy = row.first([column]) if column else None
    diagnoses = _one_hot(table, row) if _is_one_hot(table.columns) else _named(row)
    names = (malignancy, *diagnoses) if malignancy else diagnoses
    given = users_word(names, reading)
    if given is not None:
        return Label(names, given)
    name = meaning_of(diagnoses, reading)
    if malignancy is None or malignancy.lower().startswith("indeterminate"):
        return Label(names, name)
    if reading.positive and not _names_diagnoses(table.columns):
        return Label(names, BENIGN if _BENIGN_OR_NOT.get(malignancy.lower()) is False else OTHER)
    return Label(names, _with_malignancy(table, row, name, _malignant(table, row, column, malignancy)))


def _with_malignancy(table: Table, row: Row, name: str | None, malignant: bool) -> str | None:
    if name == MELANOMA and not malignant:
        raise UserError(f"{table.path}, line {row.line}: melanoma, yet benign; correct or remove the line")
    if name not in (None, UNDECIDED):
        return name
    if not malignant:
        return BENIGN
    # In the challenge of 2020 (and only there the column is called image_name) malignant means melanoma. In
    # other tables it may be a carcinoma.
    return MELANOMA if "image_name" in table.columns else name


def _named(row: Row) -> tuple[str, ...]:
    for columns in _LEVELS:
        levels = [cell for cell in (row.first([column]) for column in columns) if cell is not None]
        if levels:
            return tuple(levels)
    text = row.first(_TEXT)
    return () if text is None else (text,)


def _names_diagnoses(columns: Collection[str]) -> bool:
    return _is_one_hot(columns) or any(name in columns for name in (_LEVELS[0][0], _LEVELS[1][0], *_TEXT))


def _is_one_hot(columns: Collection[str]) -> bool:
    return "mel" in columns and "nv" in columns


def _one_hot(table: Table, row: Row) -> tuple[str, ...]:
    chosen: list[str] = []
    for column in _ONE_HOT:
        cell = row.cells.get(column, "0")
        if cell not in ("0", "0.0", "1", "1.0"):
            raise UserError(
                f"{table.path}, line {row.line}: {column.upper()} is {cell!r}; expected 0 or 1: the "
                "ground truth, not predictions"
            )
        if cell in ("1", "1.0"):
            chosen.append(column.upper())
    if len(chosen) > 1:
        names = " and ".join(chosen)
        raise UserError(f"{table.path}, line {row.line}: both {names} are 1; one image has one diagnosis")
    return tuple(chosen)


def _malignancy_column(table: Table) -> str | None:
    if "benign_malignant" in table.columns:
        return "benign_malignant"
    # Beside named diagnoses, a column "target" may hold anything, such as the number of a class.
    return "target" if "target" in table.columns and not _names_diagnoses(table.columns) else None


def _malignant(table: Table, row: Row, column: str | None, cell: str) -> bool:
    if cell.lower() not in _BENIGN_OR_NOT:
        raise UserError(
            f"{table.path}, line {row.line}: {column} is {cell!r}; expected benign or malignant, 0 or 1; "
            "or say with --positive which value means melanoma"
        )
    return _BENIGN_OR_NOT[cell.lower()]
