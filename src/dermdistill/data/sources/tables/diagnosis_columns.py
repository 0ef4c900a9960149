"""What a row of a table says of the diagnosis.

Understood, in this order: one column of 0 and 1 per diagnosis (the ground truth of the challenges of 2017,
2018 and 2019, MILK10k); the levels ``diagnosis_1`` to ``diagnosis_5`` of ISIC Archive exports (``iddx_1`` and
so on in the challenge of 2024); a column of names; ``benign_malignant`` and the like.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, cached_property

from dermdistill.data.class_names import meaning_of, users_word
from dermdistill.data.diagnoses import BENIGN, NOT_MELANOMA, OTHER, UNDECIDED, canonical
from dermdistill.data.sources.tables.csv_table import CsvRow, CsvTable
from dermdistill.errors import UserError
from dermdistill.reading import Reading
from dermdistill.records import MELANOMA

# Levels four and five are subtypes, such as "Nevus, Atypical, Dysplastic, or Clark".
_LEVELS = tuple(tuple(f"{stem}_{level}" for level in (1, 2, 3)) for stem in ("diagnosis", "iddx"))
_NAMES = (
    *("diagnosis", "dx", "diagnostic", "disease", "diagnosis_name", "label", "labels", "class", "class_name"),
    *("label_name", "category", "lesion_type", "cell_type", "ground_truth"),
)
_MALIGNANCY = ("benign_malignant", "malignant", "is_malignant", "three_partition_label")
_NEVER_MALIGNANT = (BENIGN, "nevus", "benign keratosis", "dermatofibroma", "vascular lesion")
_TARGET = "target"
_NOT_MALIGNANT = frozenset({"benign", "non-neoplastic", "0", "0.0", "false", "no"})
_IS_MALIGNANT = frozenset({"malignant", "1", "1.0", "true", "yes"})
_ZERO, _ONE = ("0", "0.0", "0,0", "false"), ("1", "1.0", "1,0", "true")

LABEL_COLUMNS = (*(name for levels in _LEVELS for name in levels), *_NAMES, *_MALIGNANCY, _TARGET)
"""All columns that this module reads, but for those of 0 and 1, whose names are diagnoses."""

# The challenge of 2017 asks for melanoma and for seborrheic keratosis; all its other images are nevi.
_2017 = {"melanoma", "seborrheic_keratosis"}


@dataclass(frozen=True, slots=True)
class Label:
    """What a row says of its lesion.

    Attributes:
        names: as the table has them, from coarse to fine; that of ``benign_malignant`` or ``target`` first.
        diagnosis: what they mean; see ``class_names.meaning_of``.
    """

    names: tuple[str, ...]
    diagnosis: str | None


def has_labels(columns: Collection[str]) -> bool:
    """Whether a table with these columns says anything of diagnoses."""
    return bool(diagnosis_columns(columns)) or any(name in columns for name in LABEL_COLUMNS)


def diagnosis_columns(columns: Collection[str]) -> tuple[str, ...]:
    """The columns that are named after diagnoses, if melanoma is among them: ``MEL``, ``NV`` and so on."""
    named = {name: _meaning_of_column(name) for name in columns if name not in LABEL_COLUMNS}
    if MELANOMA not in named.values():
        return ()
    return tuple(name for name, meaning in named.items() if meaning is not None)


def _meaning_of_column(name: str) -> str | None:
    meaning = canonical(name.removeprefix("is_"))
    return None if meaning == UNDECIDED else meaning


class DiagnosisColumns:
    """What the rows of one table say of diagnoses.

    Raises:
        UserError: two columns could be the labels, and do not agree.
    """

    def __init__(self, table: CsvTable, reading: Reading) -> None:
        self._table = table
        self._reading = reading
        self._meaning = cache(lambda names: meaning_of(names, reading))
        self._users_word = cache(lambda names: users_word(names, reading))
        self._of_diagnoses = diagnosis_columns(table.columns)
        self._levels = tuple(levels for levels in _LEVELS if levels[0] in table.columns)
        self._named = () if self._is_one_hot or self._levels else _agreeing(table, reading)

    @property
    def _is_one_hot(self) -> bool:
        return len(self._of_diagnoses) > 1

    @cached_property
    def _names_diagnoses(self) -> bool:
        return bool(self._of_diagnoses or self._levels or self._named)

    @cached_property
    def _malignancy(self) -> str | None:
        found = next((name for name in _MALIGNANCY if name in self._table.columns), None)
        if found is not None:
            return found
        # Beside named diagnoses, a column "target" may hold anything, such as the number of a class.
        return _TARGET if _TARGET in self._table.columns and not self._names_diagnoses else None

    def of(self, row: CsvRow) -> Label:
        """The label of one row.

        Raises:
            UserError: a column of diagnoses or a ``target`` holds other things than 0 and 1, or a melanoma is
                called benign.
        """
        malignancy = row.first([self._malignancy]) if self._malignancy else None
        diagnoses = self._diagnoses(row)
        names = (malignancy, *diagnoses) if malignancy else diagnoses
        given = self._users_word(names)
        if given is not None:
            return Label(names, given)
        name = self._meaning(diagnoses)
        if malignancy is None or malignancy.lower().startswith("indeterminate"):
            return Label(names, name)
        if self._reading.positive and not self._names_diagnoses:
            return Label(names, BENIGN if malignancy.lower() in _NOT_MALIGNANT else OTHER)
        return Label(names, self._with_malignancy(row, name, self._is_malignant(row, malignancy)))

    def _diagnoses(self, row: CsvRow) -> tuple[str, ...]:
        if self._is_one_hot:
            return self._one_hot(row)
        for columns in self._levels:
            levels = [cell for cell in (row.first([column]) for column in columns) if cell is not None]
            if levels:
                return tuple(levels)
        named = row.first(self._named)
        if named is not None or not self._of_diagnoses:
            return () if named is None else (named,)
        (column,) = self._of_diagnoses
        if row.first([column]) is None:
            return ()
        return (column.upper() if self._is_one(row, column) else NOT_MELANOMA,)

    def _one_hot(self, row: CsvRow) -> tuple[str, ...]:
        chosen = [column for column in self._of_diagnoses if self._is_one(row, column)]
        if len(chosen) > 1:
            names = " and ".join(map(str.upper, chosen))
            raise self._error(row, f"both {names} are 1; one image has one diagnosis")
        if not chosen and set(self._of_diagnoses) == _2017:
            return ("nevus",)
        return tuple(map(str.upper, chosen))

    def _is_one(self, row: CsvRow, column: str) -> bool:
        cell = row.cells.get(column) or "0"
        if cell.lower() not in (*_ZERO, *_ONE):
            what = f"{column.upper()} is {cell!r}; expected 0 or 1: the ground truth, not predictions"
            raise self._error(row, what)
        return cell.lower() in _ONE

    def _with_malignancy(self, row: CsvRow, name: str | None, malignant: bool) -> str | None:
        if name == MELANOMA and not malignant:
            raise self._error(row, "melanoma, but benign; correct or remove the line")
        if malignant and name in _NEVER_MALIGNANT:
            raise self._error(row, f"{name}, but malignant; correct or remove the line")
        if name not in (None, UNDECIDED):
            return name
        if not malignant:
            return BENIGN
        # In the challenges of 2016 and 2020 (and only there the column is called image_name) malignant means
        # melanoma. In other tables it may be a carcinoma.
        return MELANOMA if "image_name" in self._table.columns else name

    def _is_malignant(self, row: CsvRow, cell: str) -> bool:
        if cell.lower() not in _NOT_MALIGNANT | _IS_MALIGNANT:
            raise self._error(
                row,
                f"{self._malignancy} is {cell!r}; expected benign or malignant, 0 or 1; "
                "or say with --positive which value means melanoma",
            )
        return cell.lower() in _IS_MALIGNANT

    def _error(self, row: CsvRow, what: str) -> UserError:
        return UserError(f"{self._table.path}, line {row.line}: {what}")


def _agreeing(table: CsvTable, reading: Reading) -> tuple[str, ...]:
    """The columns of names, those that are understood first; all of them agree on melanoma.

    Raises:
        UserError: two do not agree, or there are several and none is understood.
    """
    present = [
        name for name in _NAMES if name in table.columns and any(row.first([name]) for row in table.rows)
    ]
    of_melanoma = [name for name in diagnosis_columns(table.columns) if name not in present]
    if len(present) + len(of_melanoma) < 2:
        return tuple(present)
    meanings: dict[str, dict[str, bool | None]] = {
        **{name: {**dict.fromkeys(_ONE, True), **dict.fromkeys(_ZERO, False)} for name in of_melanoma},
        **{name: _melanoma_by_cell(table, name, reading) for name in present},
    }
    understood = [name for name in present if any(said is not None for said in meanings[name].values())]
    if not understood:
        raise _two_labels(table, present[0], (present[1:] + of_melanoma)[0])
    first = understood[0]
    for other in (*(name for name in present if name != first), *of_melanoma):
        pairs = {(row.cells[first], row.cells[other]) for row in table.rows}
        together: dict[str, set[bool]] = {}
        for cell, beside in pairs:
            said = [meanings[first].get(cell), meanings[other].get(beside)]
            if beside and said[0] is not None:
                together.setdefault(beside, set()).update(each for each in said if each is not None)
        if any(len(said) > 1 for said in together.values()):
            raise _two_labels(table, first, other)
    return tuple(understood)


def _melanoma_by_cell(table: CsvTable, column: str, reading: Reading) -> dict[str, bool | None]:
    """Whether each cell of a column means melanoma; None where that is not understood."""
    meanings = {cell: meaning_of([cell], reading) for row in table.rows if (cell := row.cells[column])}
    return {
        cell: None if meaning in (None, UNDECIDED) else meaning == MELANOMA
        for cell, meaning in meanings.items()
    }


def _two_labels(table: CsvTable, one: str, other: str) -> UserError:
    def shown(column: str) -> str:
        cell = next((cell for row in table.rows if (cell := row.cells[column])), "")
        return f"{column} ({cell!r}, for instance)"

    return UserError(
        f"{table.path}: the columns {shown(one)} and {shown(other)} could both be the labels, and do not "
        f"agree; say --label-column {one} or --label-column {other}"
    )
