"""Records from tables of labels and the image files beside them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dermdistill.data.cache import default_cache_dir
from dermdistill.data.diagnoses import OTHER, UNDECIDED
from dermdistill.data.images import ImageFile
from dermdistill.data.listing import image_name, is_image, is_unread, stem
from dermdistill.data.sources.class_folders import holds_no_photographs
from dermdistill.data.sources.copies import by_list, by_name, unite_copies
from dermdistill.data.sources.duplicates import pairs
from dermdistill.data.sources.labels import LABEL_COLUMNS, LABEL_COLUMNS_IN_WORDS, has_labels, label
from dermdistill.data.sources.names import LEAVE_OUT, listed, note_on_negatives, refuse_open
from dermdistill.data.sources.photographs import DICOM, Named, versions
from dermdistill.data.sources.tables import Row, Table, read_table
from dermdistill.data.sources.walk import visible_files
from dermdistill.data.unusable import unusable
from dermdistill.errors import UserError
from dermdistill.reading import AS_FOUND, Reading
from dermdistill.records import Record, SplitName

IMAGE_COLUMNS = ("isic_id", "image_id", "image", "image_name")
_SITE = ("anatom_site_general", "anatom_site_general_challenge", "localization", "anatom_site_1")
_AGE = ("age_approx", "age")
_COLLECTION = ("dataset", "attribution")
COLUMNS = frozenset(
    {"lesion_id", "patient_id", "sex", "image_type", "image_manipulation"}.union(
        IMAGE_COLUMNS, LABEL_COLUMNS, _SITE, _AGE, _COLLECTION
    )
)
"""All columns that records are made of."""

# What splits are made by: a wrong one would put one lesion or patient on both sides.
_GROUPED_BY = {"lesion_id": "lesion", "patient_id": "patient"}

_SEX = {"male": "male", "m": "male", "female": "female", "f": "female"}

# Of the official test set of 2018: marked synthetic in the ISIC Archive, left out by the challenge's own
# scoring, and listed in HAM10000's test table without being in its archive of images.
_SYNTHETIC_IMAGE = "ISIC_0035068"


_FORMATS = ((".jpg", ".jpeg"), (".png",), (".tif", ".tiff"), (".webp",), (".bmp",), (".gif",), (DICOM,))

_LEFT_OUT = {UNDECIDED: "they do not say whether it is a melanoma", LEAVE_OUT: "as --label says"}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A table of labels, and the split that all its rows belong to, if the source says so."""

    table: Table
    split: SplitName | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What tables say of their images; see ``DataSet`` for the meaning of each."""

    records: tuple[Record, ...]
    notes: tuple[str, ...]
    names: Mapping[str, int]


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
    root: Path,
    labelled: Sequence[Labelled],
    side_tables: Sequence[Table] = (),
    *,
    duplicates: Sequence[Table] = (),
    reading: Reading = AS_FOUND,
) -> Catalogue:
    """The records of all labelled rows, in their order, and notes on what was left out.

    Args:
        root: the images are looked for in this folder and all folders below it, by name.
        labelled: the tables of labels.
        side_tables: further columns (lesion, age, ...) for the same images; they fill the cells that the
            tables of labels, and earlier side tables, leave blank.
        duplicates: tables whose rows name images of the same photograph.
        reading: the user's word on the labels.

    Raises:
        UserError: an image is listed twice, has no file, or has two diagnoses, lesions or patients; a label
            is not understood; no row can be used.
    """
    found = _entries(labelled, reading)
    entries = _completed(found.entries, side_tables)
    files = {name: _photographs(paths, root) for name, paths in find_images(root).items()}
    _check_all_there(entries, files, root)
    chosen = [_only_one(entry.image_id, files) for entry in entries]
    records = [_record(entry, path) for entry, path in zip(entries, chosen, strict=True)]
    ids = [record.image_id for record in records]
    likenesses = [
        by_name(versions([Named(image_id) for image_id in ids])),
        *(by_list(pairs(table, ids), table.path.name) for table in duplicates),
    ]
    united, copies = unite_copies(records, likenesses)
    notes = (*found.notes, *copies, *_remarks(entries, records, files))
    return Catalogue(united, notes, found.names)


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


def _photographs(paths: list[Path], root: Path) -> list[Path]:
    """Files of one name without those in folders of masks, thumbnails and the like, unless all are."""
    if len(paths) == 1:
        return paths
    return [
        path for path in paths if not any(map(holds_no_photographs, path.parent.relative_to(root).parts))
    ] or paths


def _rows_by_image(table: Table) -> list[tuple[str, Row]]:
    column = image_column(table.columns)
    if column is None:
        return []
    return [(image_name(row.cells[column]), row) for row in table.rows]


@dataclass(slots=True)
class _Rows:
    """The usable rows of all tables, and what became of the others."""

    entries: list[_Entry]
    notes: list[str]
    names: Counter[str]


def _entries(labelled: Sequence[Labelled], reading: Reading) -> _Rows:
    entries: dict[str, _Entry] = {}
    notes: list[str] = []
    names: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for source in labelled:
        table, left_out = source.table, Counter[str]()
        left_open: Counter[str] = Counter()
        for image_id, row in _rows_by_image(table):
            if not image_id:
                raise UserError(f"{table.path}, line {row.line}: names no image")
            said = label(table, row, reading)
            names.update(said.names)
            if image_id == _SYNTHETIC_IMAGE or row.first(["image_manipulation"]) == "synthetic":
                left_out["synthetic images"] += 1
            elif said.diagnosis is None:
                left_open[said.names[-1]] += 1
            elif said.diagnosis in _LEFT_OUT:
                left_out[_LEFT_OUT[said.diagnosis]] += 1
            else:
                others.update(said.names[-1:] if said.diagnosis == OTHER else ())
                entry = _Entry(table, row, image_id, said.diagnosis, source.split)
                _check_new(entry, entries.get(image_id))
                entries[image_id] = entry
        refuse_open(str(table.path), left_open)
        rows = f"of {len(table.rows)} rows left out"
        notes += [
            f"{table.path.name}: {count} {rows}: {why}"
            for why, count in sorted(left_out.items(), reverse=True)
        ]
    notes += note_on_negatives(others, reading)
    if not entries:
        paths = " and ".join(str(source.table.path) for source in labelled)
        hint = f"; its labels are {listed(names)}; say --positive NAME if one of them does" if names else ""
        raise UserError(
            f"{paths}: no row says whether its image shows a melanoma{hint}; nothing to learn from"
        )
    return _Rows(list(entries.values()), notes, names)


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
    """The file of an image; copies of one size are taken for the same image, as some mirrors hold them.

    Of several formats the first in ``_FORMATS`` is read: masks often have their image's name and are PNG.
    """
    first, *others = sorted(files[image_id], key=_place)
    for other in others:
        same_format = _place(other) == _place(first)
        if same_format and other.stat().st_size != first.stat().st_size:
            raise UserError(f"{other}: differs from {first}, which has the same name; keep one of them")
    return first


def _place(path: Path) -> int:
    suffix = path.suffix.lower()
    return next((place for place, formats in enumerate(_FORMATS) if suffix in formats), len(_FORMATS))


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
        collection=row.first(_COLLECTION),
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
    formats = sum(len({_place(path) for path in files[record.image_id]}) > 1 for record in records)
    if formats:
        remarks.append(
            f"{formats} images are there in several formats: one is read (JPEG or PNG before DICOM)"
        )
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
