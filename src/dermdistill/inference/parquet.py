"""Scores as Parquet: the columns of the CSV (``docs/output.md``), with types."""

import io
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from dermdistill.inference.model import Model
from dermdistill.inference.prediction import Value
from dermdistill.inference.rows import columns, row_dict
from dermdistill.inference.stream import ScoredImage

_MARK = b"dermdistill"
_TEXTS = ("path", "decision", "operating_point", "model", "error")


def schema(model: Model) -> Any:
    """The Arrow schema: texts, numbers, ``file_bytes`` as an integer, ``warnings`` as a list of texts."""
    import pyarrow as pa

    def kind(name: str) -> Any:
        if name == "warnings":
            return pa.list_(pa.string())
        if name == "file_bytes":
            return pa.int64()
        return pa.string() if name in _TEXTS else pa.float64()

    return pa.schema([(name, kind(name)) for name in columns(model)], metadata={_MARK: b"scores"})


def to_table(rows: Iterable[ScoredImage], model: Model) -> Any:
    """An Arrow table of these rows."""
    import pyarrow as pa

    return pa.Table.from_pylist(
        [{name: _cell(value) for name, value in row_dict(row, model).items()} for row in rows],
        schema=schema(model),
    )


def to_bytes(rows: Iterable[ScoredImage], model: Model) -> bytes:
    """A whole Parquet file of these rows."""
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(to_table(rows, model), buffer, compression="zstd")
    return buffer.getvalue()


def is_scores(path: Path) -> bool:
    """Whether a file is a Parquet file of this module."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with suppress(OSError, pa.ArrowInvalid):
        return _MARK in (pq.read_schema(path).metadata or {})
    return False


def _cell(value: Value) -> Value:
    """Names of files need not be UTF-8, and texts in Parquet must."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
