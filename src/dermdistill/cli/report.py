"""What ``dermdistill report`` does and prints."""

from pathlib import Path

from dermdistill.errors import printable
from dermdistill.report.build import build_report
from dermdistill.runs import RunFolder


def rebuild(run: Path) -> None:
    """Build the report of a run, and print where it is."""
    print(printable(str(build_report(RunFolder(run)))))
