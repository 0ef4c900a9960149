"""Records from tables of labels and the image files beside them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dermdistill.data.cache import default_cache_dir
from dermdistill.data.images import IMAGE_SUFFIXES, ImageFile
from dermdistill.data.listing import is_image, is_unread, stem, suffix
from dermdistill.data.sources.copies import unite_copies
from dermdistill.data.sources.labels import LABEL_COLUMNS, LABEL_COLUMNS_IN_WORDS, diagnosis, has_labels
from dermdistill.data.sources.tables import Row, Table, read_table
from dermdistill.data.sources.walk import visible_files
from dermdistill.data.unusable import unusable
from dermdistill.errors import UserError
from dermdistill.records import Record, SplitName

IMAGE_COLUMNS = ("isic_id", "image_id", "image", "image_name")
_SITE = ("anatom_site_general", "anatom_site_general_challenge", "localization", "anatom_site_1")
_AGE = ("age_approx", "age")
_SOURCE = ("dataset", "attribution")
COLUMNS = frozenset(
    {"lesion_id", "patient_id", "sex", "image_type", "image_manipulation"}.union(
        IMAGE_COLUMNS, LABEL_COLUMNS, _SITE, _AGE, _SOURCE
    )
)
"""All columns that records are made of."""

# What splits are made by: a wrong one would put one lesion or patient on both sides.
_GROUPED_BY = {"lesion_id": "lesion", "patient_id": "patient"}

_SEX = {"male": "male", "m": "male", "female": "female", "f": "female"}

# Of the official test set of 2018: marked synthetic in the ISIC Archive, left out by the challenge's own
# scoring, and listed in HAM10000's test table without being in its archive of images.
_SYNTHETIC_IMAGE = "ISIC_0035068"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A table of labels, and the split that all its rows belong to, if the source says so."""

    table: Table
    split: SplitName | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    """One labelled image before its file is looked up."""

    table: Table
    row: Row
    image_id: str
    diagnosis: str
    split: SplitName | None


def read_labels(path: Path, split: SplitName | None = None) -> Labelled:
    """Read a table that must name images and their diagnoses.

    Raises:
        UserError: it does not, or cannot be read.
    """
    table = read_table(path, COLUMNS)
    if image_column(table.columns) is None:
        raise UserError(f"{path}: no column names the images; expected one of {', '.join(IMAGE_COLUMNS)}")
    if not has_labels(table.columns):
        raise UserError(f"{path}: no column holds diagnoses; expected one of {LABEL_COLUMNS_IN_WORDS}")
    return Labelled(table, split)


def image_column(columns: Sequence[str]) -> str | None:
    """The column that names the images, if there is one."""
    return next((name for name in IMAGE_COLUMNS if name in columns), None)


def read_catalogue(
    root: Path, labelled: Sequence[Labelled], side_tables: Sequence[Table] = ()
) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    """The records of all labelled rows, in their order, and notes on what was left out.

    Args:
        root: the images are looked for in this folder and all folders below it, by name.
        labelled: the tables of labels.
        side_tables: further columns (lesion, age, ...) for the same images; they fill the cells that the
            tables of labels, and earlier side tables, leave blank.

    Raises:
        UserError: an image is listed twice, has no file, or has two diagnoses, lesions or patients; no row
            can be used.
    """
    entries, notes = _entries(labelled)
    entries = _completed(entries, side_tables)
    files = find_images(root)
    _check_all_there(entries, files, root)
    records = [_record(entry, _only_one(entry.image_id, files)) for entry in entries]
    united, copies = unite_copies(records, [record.image_id for record in records])
    return united, (*notes, *copies, *_remarks(entries, records, files))


def find_images(root: Path) -> dict[str, list[Path]]:
    """All image files below ``root`` by their name without its ending; hidden ones are passed over.

    Folders are listed once each, whatever the number of images; links to folders are followed. A photograph
    in a format that is not read is given where there is no other of its name: decoding it says what to do.
    """
    found: dict[str, list[Path]] = {}
    unread: dict[str, list[Path]] = {}
    for path in visible_files(root):
        if is_image(str(path)):
            found.setdefault(stem(path.name), []).append(path)
        elif is_unread(str(path)):
            unread.setdefault(stem(path.name), []).append(path)
    return unread | found


def _rows_by_image(table: Table) -> list[tuple[str, Row]]:
    column = image_column(table.columns)
    if column is None:
        return []
    return [(_without_ending(row.cells[column]), row) for row in table.rows]


def _without_ending(name: str) -> str:
    return stem(Path(name).name) if suffix(name) in IMAGE_SUFFIXES else name


def _entries(labelled: Sequence[Labelled]) -> tuple[list[_Entry], list[str]]:
    entries: dict[str, _Entry] = {}
    notes: list[str] = []
    for source in labelled:
        table, open_rows, synthetic_rows = source.table, 0, 0
        for image_id, row in _rows_by_image(table):
            if not image_id:
                raise UserError(f"{table.path}, line {row.line}: names no image")
            name = diagnosis(table, row)
            if image_id == _SYNTHETIC_IMAGE or row.first(["image_manipulation"]) == "synthetic":
                synthetic_rows += 1
            elif name is None:
                open_rows += 1
            else:
                entry = _Entry(table, row, image_id, name, source.split)
                _check_new(entry, entries.get(image_id))
                entries[image_id] = entry
        rows = f"of {len(table.rows)} rows left out"
        if open_rows:
            notes.append(f"{table.path.name}: {open_rows} {rows}: they do not say whether it is a melanoma")
        if synthetic_rows:
            notes.append(f"{table.path.name}: {synthetic_rows} {rows}: synthetic images")
    if not entries:
        paths = " and ".join(str(source.table.path) for source in labelled)
        raise UserError(f"{paths}: no row says whether its image shows a melanoma; nothing to learn from")
    return list(entries.values()), notes


def _check_new(entry: _Entry, earlier: _Entry | None) -> None:
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


def _completed(entries: Sequence[_Entry], side_tables: Sequence[Table]) -> list[_Entry]:
    """The entries with their blank cells filled from the side tables."""
    details: defaultdict[str, list[tuple[Table, Row]]] = defaultdict(list)
    for table in side_tables:
        for image_id, row in _rows_by_image(table):
            details[image_id].append((table, row))
    return [replace(entry, row=_filled(entry, details.get(entry.image_id, []))) for entry in entries]


def _filled(entry: _Entry, details: Sequence[tuple[Table, Row]]) -> Row:
    cells = dict(entry.row.cells)
    said_in = dict.fromkeys(cells, (entry.table, entry.row))
    for table, row in details:
        for column, cell in row.cells.items():
            if not cells.get(column):
                cells[column], said_in[column] = cell, (table, row)
            elif cell and cell != cells[column] and column in _GROUPED_BY:
                earlier, at = said_in[column]
                raise UserError(
                    f"{table.path}, line {row.line}: image {entry.image_id} has {_GROUPED_BY[column]} {cell} "
                    f"here, but {cells[column]} in {earlier.path.name}, line {at.line}; correct the wrong one"
                )
    return replace(entry.row, cells=cells)


def _check_all_there(entries: Sequence[_Entry], files: dict[str, list[Path]], root: Path) -> None:
    missing = [entry for entry in entries if entry.image_id not in files]
    if missing:
        failures = [
            UserError(
                f"{entry.table.path}, line {entry.row.line}: no image file {entry.image_id}.jpg (or another "
                f"ending) in {root} or below it; complete the download or remove the line"
            )
            for entry in missing
        ]
        raise unusable(failures, of=len(entries), folder=default_cache_dir())


def _only_one(image_id: str, files: dict[str, list[Path]]) -> Path:
    """The file of an image; copies of one size are taken for the same image, as some mirrors hold them."""
    first, *others = files[image_id]
    for other in others:
        if other.stat().st_size != first.stat().st_size:
            raise UserError(f"{other}: differs from {first}, which has the same name; keep one of them")
    return first


def _record(entry: _Entry, path: Path) -> Record:
    row = entry.row
    return Record(
        image_id=entry.image_id,
        image=ImageFile(path),
        lesion_id=row.first(["lesion_id"]) or entry.image_id,
        diagnosis=entry.diagnosis,
        patient_id=row.first(["patient_id"]),
        split=entry.split,
        age=_age(entry, row),
        sex=_SEX.get((row.first(["sex"]) or "").lower()),
        site=row.first(_SITE),
        source=row.first(_SOURCE),
    )


def _age(entry: _Entry, row: Row) -> float | None:
    cell = row.first(_AGE)
    if cell is None:
        return None
    try:
        age = float(cell.removesuffix("+"))
    except ValueError:
        age = -1
    if not 0 <= age <= 150:
        raise UserError(
            f"{entry.table.path}, line {entry.row.line}: age {cell!r} of image {entry.image_id} is not a "
            "number of years"
        )
    return age


def _remarks(entries: Sequence[_Entry], records: Sequence[Record], files: dict[str, list[Path]]) -> list[str]:
    remarks: list[str] = []
    unlisted = len(files) - len(records)
    if unlisted:
        remarks.append(f"{unlisted} image files left out: no row gives their diagnosis")
    alone = sum(record.patient_id is None and record.lesion_id == record.image_id for record in records)
    if alone:
        remarks.append(lesions_unknown(alone, len(records)))
    kinds = Counter(entry.row.first(["image_type"]) or "dermoscopic" for entry in entries)
    for kind, count in sorted(kinds.items()):
        if kind.lower() != "dermoscopic":
            remarks.append(f"{count} of {len(records)} images are {kind}, not dermoscopic; they are kept")
    return remarks


def lesions_unknown(alone: int, total: int) -> str:
    """The note for images that the source does not assign to a lesion."""
    return f"{alone} of {total} images have no lesion id: each counts as a lesion of its own"
