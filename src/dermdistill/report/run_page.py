"""The page of one run: every group of models has its column."""

from collections.abc import Sequence

from dermdistill.report import provenance, results_tables, tables
from dermdistill.report.curves import result_curves, training_curves
from dermdistill.report.gallery import galleries
from dermdistill.report.groups import Group
from dermdistill.report.matrices import confusion_matrices
from dermdistill.report.page import draw_all, render_page, training_notes
from dermdistill.report.paper_table import paper_table
from dermdistill.report.reading import RunResults
from dermdistill.report.summary import summarise
from dermdistill.runs import RunFolder


def render(run: RunFolder, results: RunResults, groups: Sequence[Group]) -> str:
    """The page."""
    synthetic = results.manifest.data.synthetic
    failed = [f"{name} could not be trained: {reason}." for name, reason in sorted(results.failed.items())]
    return render_page(
        "report.html.j2",
        results,
        groups,
        title=f"Melanoma detection by distillation: recipe “{results.manifest.recipe_name}”",
        summary=summarise(groups, results.comparisons),
        tables=_tables(results, groups),
        notes=[*failed, *training_notes(results)],
        result_figures=draw_all(result_curves(groups), synthetic=synthetic),
        training_figures=draw_all(training_curves(groups), synthetic=synthetic),
        matrices=confusion_matrices(groups, "youden"),
        galleries=galleries(run, groups),
    )


def _tables(results: RunResults, groups: Sequence[Group]) -> dict[str, tables.Table]:
    by_name = {group.name: group for group in groups}
    made = (
        results_tables.main_table(groups),
        results_tables.argmax_table(groups),
        results_tables.sources_table(groups),
        results_tables.comparisons_table(results.comparisons, by_name),
        results_tables.operating_points_table(groups),
        results_tables.calibration_table(groups),
        results_tables.models_table(groups),
        *provenance.tables(results),
        paper_table(groups),
    )
    return tables.by_table_name(made)
