"""A run folder becomes ``report.html``: one file, nothing fetched, rebuilt from the folder alone."""

from collections.abc import Callable, Sequence
from pathlib import Path

from dermdistill.files import write_text
from dermdistill.outputs import open_output
from dermdistill.records import Pixels
from dermdistill.report import run_page
from dermdistill.report.comparison import page as comparison_page
from dermdistill.report.comparison.arrangement import is_comparison
from dermdistill.report.gallery import wrong_predictions
from dermdistill.report.groups import group_models
from dermdistill.report.reading import read_run
from dermdistill.report.wrong import save_thumbnails
from dermdistill.runs import RunFolder
from dermdistill.signed_page import is_unedited, signed


def build_report(run: RunFolder, *, images: Callable[[Sequence[str]], list[Pixels]] | None = None) -> Path:
    """Write ``run.report`` and return its path; the same folder gives the same bytes.

    A comparison of networks gets a page of its own kind.

    Args:
        run: a folder with at least one finished model.
        images: gives the pixels of image ids. With it, thumbnails of the most wrong images are first stored
            in the run folder, where a later report finds them; without it, the stored ones are shown. A
            comparison shows no images.

    Raises:
        UserError: the folder has no finished model; a file in it is missing, damaged or not writable; the
            report there was edited.
    """
    check_report(run)
    results = read_run(run)
    groups = group_models(results)
    if is_comparison(results):
        write_text(run.report, signed(comparison_page.render(results, groups)))
        return run.report
    if images is not None:
        wrong = {image_id for group in groups for image_id in wrong_predictions(group).image_id}
        save_thumbnails(run, sorted(wrong), images)
    write_text(run.report, signed(run_page.render(run, results, groups)))
    return run.report


def check_report(run: RunFolder) -> None:
    """Raise UserError if there is a report that somebody has edited, or that is none of this program's."""
    open_output(run.report, "run folder", expected="a report as this program wrote it", is_ours=is_unedited)
