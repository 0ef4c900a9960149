"""``dermdistill report``: build a run's report anew."""

from dermdistill.cli import options
from dermdistill.cli.startup import need_report_parts


def report(run: options.Run, quiet: options.Quiet = None) -> None:
    """Build the report.html of a run again, from its folder alone.

    Examples:
        dermdistill report runs/first
    """
    need_report_parts()
    from dermdistill.cli.report import rebuild

    rebuild(run)
