"""Write the tables of the documentation from docs/results/*.json, and the index of docs/log.md.

    python -m tools.tables           # write
    python -m tools.tables --check   # exit code 1 where a page is not what would be written

A page describes a table in a comment; the table lies between it and ``<!-- end -->``::

    <!-- table: student.json models where objective=hinton
    model | Model
    internal/auc | AUC, internal test set
    -->

``student.json models`` are rows in docs/results/student.json: a list, or an object, whose keys are the column
``key``. ``where`` keeps some rows. Each line is a column: its path in a row, and its title. Paths joined by
`` + `` share a column. So a new run is shown by copying its ``judgement.json`` or benchmark file to
docs/results and describing a table of it.
"""

import json
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from dermdistill.files import write_text

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results"
PAGES = (
    ROOT / "README.md",
    ROOT / "docs" / "results.md",
    ROOT / "docs" / "tables.md",
    ROOT / "docs" / "log.md",
)

_TABLE = re.compile(r"(<!-- table: (\S+) (\S+)(?: where (\S+))?\n(.*?)\n-->\n).*?(<!-- end -->)", re.S)
_INDEX = re.compile(r"(<!-- index -->\n).*?(<!-- end -->)", re.S)
_ENTRY = re.compile(r"^## (\d+)\. (.+)\n\n(\d{4}-\d\d-\d\d)\. Status: ([^.]+)\.", re.M)


def main() -> None:
    """Bring every page up to date, or say which are not."""
    old = {page: page.read_text(encoding="utf-8") for page in PAGES}
    new = {page: filled(text) for page, text in old.items()}
    stale = [page for page in PAGES if old[page] != new[page]]
    if "--check" in sys.argv[1:]:
        sys.exit("".join(f"{page}: run `python -m tools.tables`\n" for page in stale) or 0)
    for page in stale:
        write_text(page, new[page])


def filled(page: str) -> str:
    """The page with all its tables, and its index, made anew."""
    with_tables = _TABLE.sub(_table, page)
    return _INDEX.sub(lambda match: f"{match[1]}\n{_index(with_tables)}\n{match[2]}", with_tables)


def _table(match: re.Match[str]) -> str:
    description, file, rows, condition, lines, end = match.groups()
    columns = [[part.strip() for part in line.split("|")] for line in lines.splitlines()]
    chosen = _rows(file, rows, condition)
    for paths, _ in columns:
        if all(_at(row, path) is None for row in chosen for path in paths.split(" + ")):
            raise ValueError(f"{file}: no row of {rows} has {paths}")
    cells = [[_cell(row, paths) for paths, _ in columns] for row in chosen]
    table = [[title for _, title in columns], ["---"] * len(columns), *cells]
    lines = "".join(f"| {' | '.join(row)} |\n" for row in table)
    return f"{description}\n{lines}\n{end}"


def _rows(file: str, name: str, condition: str | None) -> list[dict[str, Any]]:
    content = json.loads((RESULTS / file).read_text(encoding="utf-8"), parse_float=Decimal)
    found = _at(content, name)
    rows = [{"key": key, **row} for key, row in found.items()] if isinstance(found, dict) else list(found)
    if condition is None:
        return rows
    path, wanted = condition.split("=")
    return [row for row in rows if written(_at(row, path)) == wanted]


def _cell(row: dict[str, Any], paths: str) -> str:
    """What a row holds at one path, or at several that share a column."""
    return " / ".join(filter(None, (written(_at(row, path)) for path in paths.split(" + "))))


def _at(row: dict[str, Any], path: str) -> Any:
    value: Any = row
    for key in path.split("/"):
        value = None if value is None else value.get(key)
    return value


def written(value: Any) -> str:
    """A figure as text: nothing for None, at most three decimals, an estimate with its interval."""
    match value:
        case None:
            return ""
        case {"value": middle, "low": None}:
            return written(middle)
        case {"value": middle, "low": low, "high": high}:
            return f"{written(middle)} [{written(low)}, {written(high)}]"
        case list():
            return ", ".join(map(written, value))
        case int():
            return f"{value:,}"
        case Decimal():
            return _decimal(value)
        case _:
            return str(value)


def _decimal(value: Decimal) -> str:
    """As it is in the file, rounded to three decimals; powers of ten where those would leave nothing."""
    if 0 < abs(value) < Decimal("0.0005"):
        return f"{float(value):.0e}".replace("e-0", "e-")
    return str(round(value, 3) if -int(value.as_tuple().exponent) > 3 else value)


def _index(log: str) -> str:
    """A table of the numbered entries of a log, with links."""
    lines = ["| no. | date | decision | status |\n", "|---|---|---|---|\n"]
    for number, title, date, status in _ENTRY.findall(log):
        lines.append(f"| {number} | {date} | [{title}](#{_anchor(f'{number}. {title}')}) | {status} |\n")
    return "".join(lines)


def _anchor(heading: str) -> str:
    """The anchor that GitHub and the site give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


if __name__ == "__main__":
    main()
