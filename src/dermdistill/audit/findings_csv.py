"""All findings of an audit as one CSV, one row per finding."""

from pathlib import Path

from dermdistill.audit.audit import Audit
from dermdistill.audit.findings import Finding
from dermdistill.files import begins_with, write_text
from dermdistill.records import Record
from dermdistill.spreadsheet import csv_line, text_cell

_OF_IMAGE = ("image_id", "source", "split", "lesion_id", "diagnosis")
COLUMNS = (
    *("kind", "rank", "score", "detail", "left_out"),
    *_OF_IMAGE,
    *(f"other_{name}" for name in _OF_IMAGE),
)


def write_findings(path: Path, audit: Audit) -> None:
    """Write every finding, kind by kind, ranked from 1; ``left_out`` lists image ids, blank in between.

    Raises:
        UserError: the file cannot be written.
    """
    ranks: dict[str, int] = {}
    lines = [csv_line(COLUMNS)]
    for finding in audit.findings:
        ranks[finding.kind] = ranks.get(finding.kind, 0) + 1
        lines.append(csv_line(_cells(finding, ranks[finding.kind], audit.dataset.records)))
    write_text(path, "".join(lines))


def is_findings(path: Path) -> bool:
    """Whether a file is such a table."""
    return begins_with(path, csv_line(COLUMNS).encode())


def _cells(finding: Finding, rank: int, records: tuple[Record, ...]) -> list[str]:
    left_out = " ".join(records[row].image_id for row in finding.leave_out)
    cells = [finding.kind, str(rank), f"{finding.score:.6g}", text_cell(finding.detail), text_cell(left_out)]
    for row in finding.images:
        cells += [text_cell(str(getattr(records[row], name) or "")) for name in _OF_IMAGE]
    return cells + [""] * (len(COLUMNS) - len(cells))
