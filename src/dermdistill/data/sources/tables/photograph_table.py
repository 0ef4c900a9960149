"""A table of photographs and their lesions, which needs no diagnoses: to score, not to learn from."""

from dataclasses import dataclass
from pathlib import Path

from dermdistill.data.images import ImageFile
from dermdistill.data.sources.on_disk.image_files import ImageFiles
from dermdistill.data.sources.tables import column_roles as roles
from dermdistill.data.sources.tables.csv_table import CsvTable, read_header, read_table
from dermdistill.errors import UserError
from dermdistill.reading import Reading

_IMAGE, _LESION = "image", "lesion_id"


@dataclass(frozen=True, slots=True)
class PhotographOfLesion:
    """A file, and the lesion that it shows; a photograph without a lesion's name is a lesion of its own."""

    path: str
    lesion: str


@dataclass(frozen=True, slots=True)
class PhotographTable:
    """The rows of a table, in its order, with what a user should know of them."""

    rows: tuple[PhotographOfLesion, ...]
    notes: tuple[str, ...]


def read_photographs(path: Path, reading: Reading) -> PhotographTable:
    """Read which file shows which lesion.

    Args:
        path: a CSV file; its images lie in its folder, or below it, or where their paths say.
        reading: names the column of lesions; that of images too, if its name is not a usual one.

    Raises:
        UserError: it cannot be read, has no such columns, or names a file that is not there.
    """
    if not path.is_file():
        raise UserError(f"{path}: --lesion-column needs one CSV of photographs; no such file")
    columns = read_header(path)
    roles.refuse_unknown(columns, reading, str(path))
    names = roles.renamed(columns, reading, ())
    known = read_header(path, names)
    image = _IMAGE if reading.image_column is not None else roles.image_column(known)
    if image is None:
        raise UserError(
            f"{path}: no column names the photographs; it has {', '.join(columns)}; say which with "
            "--image-column"
        )
    table = read_table(path, {image, _LESION}, names)
    rows = tuple(_photographs(table, image))
    alone = sum(not row.cells[_LESION] for row in table.rows)
    unknown = [f"{alone:,} of {len(rows):,} photographs have no lesion: each counts as one of its own"]
    return PhotographTable(rows, (*table.notes, *(unknown if alone else ())))


def _photographs(table: CsvTable, image: str) -> list[PhotographOfLesion]:
    files = ImageFiles(table.path.parent)
    found = []
    for row in table.rows:
        cell = row.cells[image]
        source = files.find(cell, table.path.parent) if cell else None
        if not isinstance(source, ImageFile):
            raise UserError(
                f"{table.path}, line {row.line}: no image file {cell or '(empty)'} beside it or below; "
                "mend or remove the line"
            )
        found.append(PhotographOfLesion(str(source.path), row.cells[_LESION] or str(source.path)))
    if not found:
        raise UserError(f"{table.path}: has no rows; expected one per photograph")
    return found
