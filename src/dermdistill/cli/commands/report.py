"""``dermdistill report``: build a run's report anew."""

from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli.process import need_training_parts


def report(run: Annotated[Path, typer.Argument(help="A run folder.")]) -> None:
    """Build a run's report.html anew."""
    need_training_parts()
    from dermdistill.errors import printable
    from dermdistill.report.build import build_report
    from dermdistill.runs import RunFolder

    print(printable(str(build_report(RunFolder(run)))))
