"""What ``dermdistill report`` does and prints."""

from pathlib import Path

from dermdistill.errors import printable
from dermdistill.report.build import build_report
from dermdistill.report.evaluation_page import build_evaluation_report
from dermdistill.runs import RunFolder


def rebuild(run: Path) -> None:
    """Build the report of a run or an evaluation, and print where it is."""
    folder = RunFolder(run)
    report = build_evaluation_report(run) if folder.evaluation.exists() else build_report(folder)
    print(printable(str(report)))
