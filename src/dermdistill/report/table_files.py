"""The tables of a report as files: ``tables/<name>.csv``, ``.md`` and ``.tex``, with the same cells."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from dermdistill.errors import UserError
from dermdistill.files import write_bytes
from dermdistill.json_files import Frozen, read_json, write_json
from dermdistill.report.table import Table, TableCell, footnote_letter
from dermdistill.spreadsheet import csv_line, text_cell

_INDEX = "written.json"
_TEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "\N{MINUS SIGN}": "$-$",
    "\N{EN DASH}": "--",
    "\N{NO-BREAK SPACE}": "~",
}


class _Written(Frozen):
    """``tables/written.json``: digests of what this program wrote there, by which an edited file is known."""

    files: dict[str, tuple[str, ...]]


def write_tables(folder: Path, tables: Sequence[Table]) -> None:
    """Write every table that has rows; files of tables that the report no longer has are removed.

    Raises:
        UserError: a file there is not as this program wrote it, or cannot be written.
    """
    contents = {
        f"{table.name}.{ending}": write(table).encode()
        for table in tables
        if table.rows
        for ending, write in (("csv", as_csv), ("md", as_markdown), ("tex", as_latex))
    }
    check_tables(folder, tuple(contents))
    known = _written(folder)
    digests = {name: (_digest(content),) for name, content in contents.items()}
    # A kill leaves files of before beside new ones; both are ours.
    both = {name: (*known.get(name, ()), *digests.get(name, ())) for name in {**known, **digests}}
    write_json(folder / _INDEX, _Written(files=both))
    for name in set(known) - set(contents):
        (folder / name).unlink(missing_ok=True)
    for name, content in contents.items():
        write_bytes(folder / name, content)
    write_json(folder / _INDEX, _Written(files=digests))


def check_tables(folder: Path, names: Sequence[str] = ()) -> None:
    """Raise UserError if a table file of before was edited, or if one of ``names`` is not ours."""
    known = _written(folder)
    for name in {**known, **dict.fromkeys(names)}:
        path = folder / name
        if path.exists() and _digest(path.read_bytes()) not in known.get(name, ()):
            raise UserError(f"{path}: exists and is not a table as this program wrote it; move or delete it")


def _written(folder: Path) -> dict[str, tuple[str, ...]]:
    path = folder / _INDEX
    if not path.exists():
        return {}
    try:
        return read_json(path, _Written).files
    except UserError:
        raise UserError(f"{path}: not as this program wrote it; move or delete {folder}") from None


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def as_csv(table: Table) -> str:
    """UTF-8; reasons for missing figures stand in their cells. No cell is a formula of a spreadsheet."""

    def written(cell: TableCell) -> str:
        return text_cell(cell.in_one_line if cell.reason is None else f"{cell.in_one_line} ({cell.reason})")

    head = [csv_line(map(text_cell, table.full_headings))] if table.columns else []
    return "".join([*head, *(csv_line(map(written, (row.heading, *row.cells))) for row in table.rows)])


def as_markdown(table: Table) -> str:
    """A pipe table, its footnotes below."""
    head, *rows = ([_markdown(cell) for cell in row] for row in _grid(table))
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    notes = [f"\n{_markdown(note)}" for note in _notes(table)]
    return "\n".join([_markdown(table.caption), "", *lines, *notes]) + "\n"


def as_latex(table: Table) -> str:
    """A ``table`` environment that needs no package."""
    head, *rows = (" & ".join(map(_latex, row)) + r" \\" for row in _grid(table))
    width = len(_grid(table)[0])
    aligned = "".join("l" if not table.columns or table.is_text_column(i) else "r" for i in range(width))
    lines = [r"\begin{table}", rf"\caption{{{_latex(table.caption)}}}", rf"\begin{{tabular}}{{{aligned}}}"]
    lines += [r"\hline", *([head, r"\hline"] if table.columns else []), *rows, r"\hline", r"\end{tabular}"]
    return "\n".join([*lines, *(rf"\par {_latex(note)}" for note in _notes(table)), r"\end{table}"]) + "\n"


def _grid(table: Table) -> list[list[str]]:
    """Headings and cells, each in one line, with the letters of their footnotes; all rows are as long."""
    width = max(len(row.cells) for row in table.rows) + 1
    rows = [[_marked(table, cell) for cell in (row.heading, *row.cells)] for row in table.rows]
    return [row + [""] * (width - len(row)) for row in (list(table.full_headings), *rows)]


def _marked(table: Table, cell: TableCell) -> str:
    return cell.in_one_line if cell.reason is None else f"{cell.in_one_line} ({table.marker(cell)})"


def _notes(table: Table) -> list[str]:
    return [f"{footnote_letter(i)}: {note}" for i, note in enumerate(table.footnotes)]


def _markdown(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", " ".join(text.split()))


def _latex(text: str) -> str:
    return "".join(_TEX.get(character, character) for character in " ".join(text.split()))
