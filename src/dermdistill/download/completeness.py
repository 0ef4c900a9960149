"""Is a downloaded data set complete? Its own tables say which images there should be."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dermdistill.data.listing import is_image, stem
from dermdistill.data.sources.on_disk.image_files import name_in
from dermdistill.data.sources.tables.column_roles import image_column
from dermdistill.data.sources.tables.csv_table import read_header, read_table


@dataclass(frozen=True, slots=True)
class Completeness:
    """How the files of a data set and its tables agree.

    Attributes:
        images: image files that are there.
        tables: tables that name images.
        missing: images that a table names and that are not there.
        unlisted: images that no table names.
    """

    images: int
    tables: int
    missing: tuple[str, ...]
    unlisted: tuple[str, ...]


def completeness_of(folder: Path, names: Iterable[str], without_file: frozenset[str]) -> Completeness:
    """Compare the images among the files ``names`` with the tables among them.

    Args:
        folder: of the data set.
        names: of the files that are there, below the folder.
        without_file: images that a table names and that nobody has.

    Raises:
        UserError: a table cannot be read.
    """
    files = [folder / name for name in names]
    images = {stem(path.name) for path in files if is_image(str(path))}
    listed: set[str] = set()
    tables = 0
    for path in files:
        column = image_column(read_header(path)) if path.suffix == ".csv" else None
        if column is not None:
            tables += 1
            listed |= {name_in(row.cells[column]) for row in read_table(path, {column}).rows}
    return Completeness(
        len(images),
        tables,
        tuple(sorted(listed - images - without_file)),
        tuple(sorted(images - listed)),
    )
