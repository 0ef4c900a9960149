"""The report of a run: ``build_report`` writes one HTML file from the run folder alone."""

from dermdistill.report.build import build_report

__all__ = ["build_report"]
