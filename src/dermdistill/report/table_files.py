"""The tables of a report as files: ``tables/<name>.csv``, ``.md`` and ``.tex``, with the same cells."""

import hashlib
import re
from collections.abc import Iterable, Sequence
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
    return dict(read_json(path, _Written).files) if path.exists() else {}


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def as_csv(table: Table) -> str:
    """UTF-8; reasons for missing figures stand in their cells. No cell is a formula of a spreadsheet."""

    def written(cell: TableCell) -> str:
        return text_cell(cell.in_one_line if cell.reason is None else f"{cell.in_one_line} ({cell.reason})")

    lines = [] if not table.columns else [csv_line(map(text_cell, table.full_headings))]
    lines += [csv_line(map(written, (row.heading, *row.cells))) for row in table.rows]
    return "".join(lines)


def as_markdown(table: Table) -> str:
    """A pipe table, its footnotes below."""
    width = len(table.rows[0].cells) + 1 if not table.columns else len(table.columns)
    lines = [
        _markdown_line(table.full_headings or [""] * width),
        _markdown_line(["---"] * width, escape=False),
    ]
    for row in table.rows:
        if row.cells:
            lines.append(_markdown_line([_with_marker(table, cell) for cell in (row.heading, *row.cells)]))
        else:
            lines.append(_markdown_line([row.heading.text, *[""] * (width - 1)]))
    notes = [f"{footnote_letter(i)}: {_escaped(note)}\n" for i, note in enumerate(table.footnotes)]
    return "\n".join([f"{_escaped(table.caption)}\n", *lines, *(["", *notes] if notes else [])]) + "\n"


def _markdown_line(cells: Iterable[str], *, escape: bool = True) -> str:
    return f"| {' | '.join(_escaped(cell) if escape else cell for cell in cells)} |"


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", " ".join(text.split()))


def _with_marker(table: Table, cell: TableCell) -> str:
    return cell.in_one_line if cell.reason is None else f"{cell.in_one_line} ({table.marker(cell)})"


def as_latex(table: Table) -> str:
    """A ``table`` environment that needs no package."""
    width = len(table.rows[0].cells) + 1 if not table.columns else len(table.columns)
    aligned = (
        "".join("l" if table.is_text_column(i) else "r" for i in range(width)) if table.columns else "ll"
    )
    lines = [
        r"\begin{table}",
        rf"\caption{{{_tex(table.caption)}}}",
        rf"\begin{{tabular}}{{{aligned}}}",
        r"\hline",
    ]
    if table.columns:
        lines += [_latex_line(table.full_headings), r"\hline"]
    for row in table.rows:
        if row.cells:
            lines.append(_latex_line([_with_marker(table, cell) for cell in (row.heading, *row.cells)]))
        else:
            lines.append(rf"\multicolumn{{{width}}}{{l}}{{{_tex(row.heading.text)}}} \\")
    notes = [f"{footnote_letter(i)}: {_tex(note)}" for i, note in enumerate(table.footnotes)]
    ends = [r"\hline", r"\end{tabular}", *(rf"\par {note}" for note in notes), r"\end{table}"]
    return "\n".join([*lines, *ends]) + "\n"


def _latex_line(cells: Iterable[str]) -> str:
    return " & ".join(map(_tex, cells)) + r" \\"


def _tex(text: str) -> str:
    return "".join(_TEX.get(character, character) for character in " ".join(text.split()))
