"""A Parquet file that lists photographs, read a batch at a time; S3 Inventory writes such files."""

from collections.abc import Iterator

from dermdistill.errors import UserError, printable
from dermdistill.storage import open_storage

_COLUMNS = ("path", "url", "uri", "image_path", "image", "file_name", "filename")
_ROWS = 10_000


def listed_paths(path: str) -> Iterator[str]:
    """The paths or URLs in a column ``path`` (or url, uri, image_path, ...), or in ``bucket`` and ``key``.

    Raises:
        UserError: not a Parquet file, without such a column, or with an empty cell.
    """
    system, inner = open_storage(path)
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = printable(path)
    try:
        with system.open(inner, "rb") as handle, pq.ParquetFile(handle) as file:
            columns = _columns(file.schema_arrow.names, name)
            row = 0
            for batch in file.iter_batches(_ROWS, columns=columns):
                for cells in zip(*(batch.column(each).to_pylist() for each in columns), strict=True):
                    row += 1
                    if not all(isinstance(cell, str) and cell for cell in cells):
                        raise UserError(f"{name}: row {row}: expected text in {' and '.join(columns)}")
                    yield cells[0] if len(cells) == 1 else f"s3://{cells[0]}/{cells[1]}"
    except (OSError, pa.ArrowInvalid) as error:
        raise UserError(
            f"{name}: not a Parquet file that can be read ({' '.join(str(error).split())[:200]})"
        ) from error


def _columns(names: list[str], file: str) -> list[str]:
    if {"bucket", "key"} <= set(names):
        return ["bucket", "key"]
    for name in _COLUMNS:
        if name in names:
            return [name]
    raise UserError(
        f"{file}: expected a column of paths, named 'path'; it has "
        f"{', '.join(map(printable, names)) or 'none'}"
    )
