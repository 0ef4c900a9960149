"""A run folder becomes ``report.html``: one file, nothing fetched, rebuilt from the folder alone."""

import base64
from collections.abc import Callable, Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from dermdistill.files import write_text
from dermdistill.records import Pixels
from dermdistill.report import numbers, provenance, published, results_tables, tables
from dermdistill.report.curves import Illustration, result_curves, training_curves
from dermdistill.report.figures import draw
from dermdistill.report.gallery import galleries, wrong_predictions
from dermdistill.report.groups import Group, group_models
from dermdistill.report.matrices import confusion_matrices
from dermdistill.report.paper_table import paper_table
from dermdistill.report.reading import RunResults, read_run
from dermdistill.report.summary import summarise
from dermdistill.report.wrong import save_thumbnails
from dermdistill.runs import RunFolder

_TEMPLATES = Path(__file__).parent / "templates"


def build_report(run: RunFolder, *, images: Callable[[Sequence[str]], list[Pixels]] | None = None) -> Path:
    """Write ``run.report`` and return its path; the same folder gives the same bytes.

    Args:
        run: a folder with at least one finished model.
        images: gives the pixels of image ids. With it, thumbnails of the most wrong images are first stored
            in the run folder, where a later report finds them; without it, the stored ones are shown.

    Raises:
        UserError: the folder has no finished model; a file in it is missing, damaged or not writable.
    """
    results = read_run(run)
    groups = group_models(results)
    if images is not None:
        wrong = {image_id for group in groups for image_id in wrong_predictions(group).image_id}
        save_thumbnails(run, sorted(wrong), images)
    write_text(run.report, _render(run, results, groups))
    return run.report


def _render(run: RunFolder, results: RunResults, groups: Sequence[Group]) -> str:
    data = results.manifest.data
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        css=Markup((_TEMPLATES / "style.css").read_text(encoding="utf-8")),
        letter=tables.footnote_letter,
        title=f"Melanoma detection by distillation: recipe “{results.manifest.recipe_name}”",
        synthetic=data.synthetic,
        summary=summarise(groups, results.comparisons),
        tables=_tables(results, groups),
        notes=_training_notes(results),
        result_figures=_draw_all(result_curves(groups), synthetic=data.synthetic),
        training_figures=_draw_all(training_curves(groups), synthetic=data.synthetic),
        matrices=confusion_matrices(groups, "youden"),
        galleries=galleries(run, groups),
        data_sentence=provenance.data_sentence(data),
        data_notes=data.notes,
        published=published,
        melanoma_share=numbers.percent(groups[0].mean.n_melanoma, groups[0].mean.n_images),
        replicates=numbers.count(results.recipe.evaluation.replicates),
        recipe=results.recipe_text,
    )


def _tables(results: RunResults, groups: Sequence[Group]) -> dict[str, tables.Table]:
    by_name = {group.name: group for group in groups}
    made = (
        results_tables.main_table(groups),
        results_tables.argmax_table(groups),
        results_tables.comparisons_table(results.comparisons, by_name),
        results_tables.operating_points_table(groups),
        results_tables.calibration_table(groups),
        results_tables.models_table(groups),
        provenance.data_table(results),
        provenance.recipe_table(results.recipe),
        provenance.environment_table(results),
        paper_table(groups),
    )
    return {table.name: table for table in made}


def _training_notes(results: RunResults) -> list[str]:
    stopped = [
        f"{model.summary.name} stopped early: {model.summary.failure}. Its figures are of the epoch kept."
        for model in results.models
        if model.summary.failure is not None
    ]
    return stopped + [f"{name} is not finished and is left out." for name in results.unfinished]


def _draw_all(illustrations: Sequence[Illustration], *, synthetic: bool) -> list[dict[str, str]]:
    drawn = [draw(illustration.panel, synthetic=synthetic) for illustration in illustrations]
    return [
        {
            "source": f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}",
            "caption": illustration.caption,
            "alt": illustration.alt,
        }
        for svg, illustration in zip(drawn, illustrations, strict=True)
    ]
