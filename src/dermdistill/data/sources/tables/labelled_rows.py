"""The labelled rows of tables, one per image, before the image files are looked up."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from dermdistill.data.class_names import LEAVE_OUT, note_on_negatives, refuse_open, with_counts
from dermdistill.data.diagnoses import OTHER, UNDECIDED
from dermdistill.data.grouping import id_key
from dermdistill.data.sources.on_disk.class_folders import split_of
from dermdistill.data.sources.on_disk.image_files import as_path, name_in
from dermdistill.data.sources.tables import column_roles as roles
from dermdistill.data.sources.tables.csv_table import CsvRow, CsvTable
from dermdistill.data.sources.tables.diagnosis_columns import DiagnosisColumns
from dermdistill.errors import UserError
from dermdistill.reading import Reading
from dermdistill.records import SplitName

FURTHER_COLUMNS = ("image_type", "image_manipulation", "split", "score_weight", "qc")
"""What rows are read for besides images, diagnoses and details of the lesion."""

# What splits are made by: a wrong one would put one lesion or patient on both sides.
_GROUPED_BY = {**dict.fromkeys(roles.LESION, "lesion"), **dict.fromkeys(roles.PATIENT, "patient")}

# Of the official test set of 2018: marked synthetic in the ISIC Archive, left out by the challenge's own
# scoring, and listed in HAM10000's test table without being in its archive of images.
_SYNTHETIC_IMAGE = "ISIC_0035068"

_LEFT_OUT = {UNDECIDED: "they do not say whether it is a melanoma", LEAVE_OUT: "as --label says"}


@dataclass(frozen=True, slots=True)
class LabelTable:
    """A table of labels.

    Attributes:
        table: the table.
        split: that all its rows belong to, if the source says so; else a column ``split`` may say it.
        passed_over: names of image files that the source has besides, and that are not read on purpose.
        notes: on what became of them.
    """

    table: CsvTable
    split: SplitName | None = None
    passed_over: Collection[str] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """One labelled image before its file is looked up; ``cell`` says which it is, as the table has it."""

    table: CsvTable
    row: CsvRow
    image_id: str
    cell: str
    diagnosis: str
    split: SplitName | None


@dataclass(slots=True)
class LabelledRows:
    """The usable rows of all tables, and what became of the others."""

    rows: list[LabelledRow]
    notes: list[str]
    names: Counter[str]


class _Names:
    """The id of each image: its name; where two paths end in one name, the path without its ending."""

    def __init__(self, tables: Sequence[CsvTable]) -> None:
        paths: defaultdict[str, set[str]] = defaultdict(set)
        for table in tables:
            for row in table.rows:
                cell, place = _cells(table, row)
                if "/" in as_path(place):
                    paths[name_in(cell)].add(as_path(place))
        self._several = {name for name, found in paths.items() if len(found) > 1}

    def of(self, table: CsvTable, row: CsvRow) -> str:
        cell, place = _cells(table, row)
        name = name_in(cell)
        folder = as_path(place).rpartition("/")[0]
        return f"{folder}/{name_in(place)}" if name in self._several and folder else name


def _cells(table: CsvTable, row: CsvRow) -> tuple[str, str]:
    """What a row calls its image, and where it says that it is."""
    named = roles.image_column(table.columns)
    located = roles.path_column(table.columns)
    cell = row.cells[named] if named else ""
    return cell, (row.cells[located] if located else "") or cell


def labelled_rows(
    labelled: Sequence[LabelTable], side_tables: Sequence[CsvTable], reading: Reading
) -> LabelledRows:
    """The usable rows of all tables of labels, completed from side tables; see ``table_records``."""
    names = _Names([source.table for source in labelled])
    found = _usable_rows(labelled, names, reading)
    found.rows = _completed(found.rows, side_tables, names)
    return found


def _usable_rows(labelled: Sequence[LabelTable], images: _Names, reading: Reading) -> LabelledRows:
    found: dict[str, LabelledRow] = {}
    notes: list[str] = []
    names: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for source in labelled:
        table, labels = source.table, DiagnosisColumns(source.table, reading)
        left_out, left_open = Counter[str](), Counter[str]()
        splits, about_splits = _splits(source)
        for row in table.rows:
            image_id = images.of(table, row)
            if not image_id:
                raise UserError(f"{table.path}, line {row.line}: names no image")
            said = labels.of(row)
            names.update(said.names)
            if why := _left_out_by_the_source(image_id, row):
                left_out[why] += 1
            elif said.diagnosis is None:
                left_open[said.names[-1]] += 1
            elif said.diagnosis in _LEFT_OUT:
                left_out[_LEFT_OUT[said.diagnosis]] += 1
            else:
                others.update(said.names[-1:] if said.diagnosis == OTHER else ())
                split = splits.get(row.cells.get("split", ""))
                entry = LabelledRow(
                    table, row, image_id, _cells(table, row)[1], said.diagnosis, source.split or split
                )
                _check_new(entry, found.get(image_id))
                found[image_id] = entry
        refuse_open(str(table.path), left_open)
        notes += [*table.notes, *about_splits, *_counted(table, left_out), *source.notes]
    notes += note_on_negatives(others, reading)
    if not found:
        paths = " and ".join(str(source.table.path) for source in labelled)
        hint = (
            f"; its labels are {with_counts(names)}; say --positive NAME if one of them does" if names else ""
        )
        raise UserError(
            f"{paths}: no row says whether its image shows a melanoma{hint}; nothing to learn from"
        )
    return LabelledRows(list(found.values()), notes, names)


def _left_out_by_the_source(image_id: str, row: CsvRow) -> str | None:
    """Why the source itself does not count this row."""
    if image_id == _SYNTHETIC_IMAGE or row.first(["image_manipulation"]) == "synthetic":
        return "synthetic images"
    if row.first(["score_weight"]) in ("0", "0.0"):
        return "score_weight is 0, so the challenge did not count them"
    if (row.first(["qc"]) or "").lower().startswith("3 wrongly"):
        return "marked as wrongly labelled"
    return None


def _counted(table: CsvTable, left_out: Counter[str]) -> list[str]:
    rows = f"of {len(table.rows)} rows left out"
    return [
        f"{table.path.name}: {count} {rows}: {why}" for why, count in sorted(left_out.items(), reverse=True)
    ]


def _splits(source: LabelTable) -> tuple[dict[str, SplitName], list[str]]:
    """The split that each value of a column ``split`` stands for; a note where they are not splits."""
    cells = {cell for row in source.table.rows if (cell := row.cells.get("split"))}
    found = {cell: split for cell in cells if (split := split_of(cell))}
    unknown = sorted(cells - set(found))
    if unknown and not source.split:
        return {}, [
            f"{source.table.path.name}: column split is not used: {unknown[0]!r} is not train, val or test"
        ]
    return found, []


def _check_new(entry: LabelledRow, earlier: LabelledRow | None) -> None:
    if earlier is None:
        return
    where = f"{entry.table.path}, line {entry.row.line}: image {entry.image_id}"
    first = f"line {earlier.row.line}"
    if earlier.table is not entry.table:
        first += f" of {earlier.table.path.name}"
    if earlier.diagnosis != entry.diagnosis:
        raise UserError(
            f"{where} has two diagnoses, {earlier.diagnosis} in {first} and {entry.diagnosis} here; "
            "keep the right one"
        )
    raise UserError(f"{where} is listed twice, first in {first}; remove one of the lines")


def _completed(
    rows: Sequence[LabelledRow], side_tables: Sequence[CsvTable], names: _Names
) -> list[LabelledRow]:
    """The entries with their blank cells filled from the side tables."""
    details: defaultdict[str, list[tuple[CsvTable, CsvRow]]] = defaultdict(list)
    for table in side_tables:
        for row in table.rows:
            details[names.of(table, row)].append((table, row))
    return [replace(entry, row=_filled(entry, details.get(entry.image_id, []))) for entry in rows]


def _filled(entry: LabelledRow, details: Sequence[tuple[CsvTable, CsvRow]]) -> CsvRow:
    cells = dict(entry.row.cells)
    said_in = dict.fromkeys(cells, (entry.table, entry.row))
    for table, row in details:
        for column, cell in row.cells.items():
            if not cells.get(column):
                cells[column], said_in[column] = cell, (table, row)
            elif cell and column in _GROUPED_BY and id_key(cell) != id_key(cells[column]):
                earlier, at = said_in[column]
                raise UserError(
                    f"{table.path}, line {row.line}: image {entry.image_id} has {_GROUPED_BY[column]} {cell} "
                    f"here, but {cells[column]} in {earlier.path.name}, line {at.line}; correct the wrong one"
                )
    return replace(entry.row, cells=cells)
