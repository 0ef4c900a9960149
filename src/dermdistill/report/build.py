"""A run folder becomes ``report.html`` and ``tables/``: nothing fetched, rebuilt from the folder alone."""

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from dermdistill.files import write_text
from dermdistill.judgement.names import network_name, objective_name
from dermdistill.outputs import open_output
from dermdistill.records import Pixels
from dermdistill.report import cost_tables, numbers, paper, paper_verdicts, provenance, verdicts
from dermdistill.report import results_tables as results
from dermdistill.report.gallery import galleries, save_thumbnails
from dermdistill.report.paper import BATCH_SIZE, TEMPERATURE
from dermdistill.report.paper_tables import table_2
from dermdistill.report.plot_data import cost_plots, result_plots, sweep_plot, training_plots
from dermdistill.report.plots import Plot, draw_plot
from dermdistill.report.read import ReportedRun, read_run, summary_of
from dermdistill.report.table import Table, footnote_letter
from dermdistill.report.table_files import check_tables, write_tables
from dermdistill.runs import RunFolder
from dermdistill.signed_page import is_unedited, sign

_TEMPLATES = Path(__file__).parent / "templates"


def build_report(run: RunFolder, *, images: Callable[[Sequence[str]], list[Pixels]] | None = None) -> Path:
    """Write ``run.report``, its tables beside it, and return its path; the same folder gives the same bytes.

    Args:
        run: a folder with at least one finished model.
        images: gives the pixels of image ids. With it, thumbnails of the most wrong images are first stored
            in the run folder, where a later report finds them; without it, the stored ones are shown. A
            comparison of networks shows no images.

    Raises:
        UserError: the folder has no finished model; a file in it is missing, damaged or not writable; the
            report or a table there was edited.
    """
    check_report(run)
    reported = read_run(run)
    is_comparison = reported.judgement.networks is not None
    if images is not None and not is_comparison:
        wrong = {image.image_id for group in reported.groups for image in group.most_wrong}
        save_thumbnails(run, sorted(wrong), images)
    own = _of_comparison(reported) if is_comparison else _of_run(reported)
    others = (results.models_table(reported), table_2(reported), *provenance.tables(reported))
    own["results"] = _results(reported)
    tables = [*own["results"], *others, *own.pop("tables")]
    page = _render(reported, tables, own)
    write_tables(run.tables, tables)
    write_text(run.report, sign(page))
    return run.report


def check_report(run: RunFolder) -> None:
    """Raise UserError if there is a report that somebody has edited, or that is none of this program's."""
    open_output(run.report, "run folder", expected="a report as this program wrote it", is_ours=is_unedited)
    check_tables(run.tables)


def _render(run: ReportedRun, tables: Sequence[Table], own: dict[str, Any]) -> str:
    data, images = run.files.manifest.data, run.groups[0].mean
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["letter"] = footnote_letter
    return environment.get_template("report.html.j2").render(
        css=Markup((_TEMPLATES / "style.css").read_text(encoding="utf-8")),
        synthetic=run.synthetic,
        data_sentence=provenance.data_sentence(data),
        data_notes=data.notes,
        paper=paper,
        basis=verdicts.images_sentence(run.groups[0]),
        melanoma_share=numbers.percent(images.n_melanoma, images.n_images),
        replicates=numbers.count(run.judgement.replicates),
        recipe=run.files.recipe_text,
        notes=_training_notes(run),
        failed=run.files.failed,
        tables={table.name: table for table in tables},
        **own,
    )


def _training_notes(run: ReportedRun) -> list[str]:
    """What did not go to plan, a sentence each; a comparison lists elsewhere what could not be trained."""
    failed = [] if run.judgement.networks is not None else sorted(run.files.failed.items())
    stopped = [
        f"{summary.name} stopped early: {summary.failure}. Its figures are of the epoch kept."
        for summary in run.summaries.values()
        if summary.failure is not None
    ]
    return [
        *(f"{name} could not be trained: {reason}." for name, reason in failed),
        *stopped,
        *(f"{name} is not finished and is left out." for name in run.files.unfinished),
    ]


def _results(run: ReportedRun) -> list[Table]:
    """The section of results, in this order; one row per group of models, a comparison's sweeps left out."""
    groups = run.main_groups
    made = (
        results.main_table(groups),
        results.class_table(groups, "youden"),
        results.class_table(groups, "argmax"),
        results.sources_table(groups),
        results.subgroups_table(groups),
    )
    return [table for table in made if table.rows]


def _of_run(run: ReportedRun) -> dict[str, Any]:
    """What the page of one run shows beside that."""
    groups = run.groups
    return {
        "title": f"Melanoma detection by distillation: recipe “{run.files.manifest.recipe_name}”",
        "networks": None,
        "aucs": verdicts.auc_lines(groups),
        "claims": verdicts.run_claims(run),
        "tables": [
            results.comparisons_table(run, run.judgement.comparisons),
            results.calibration_table(groups),
            results.operating_points_table(groups),
            results.confusion_table(groups, "youden"),
        ],
        "result_figures": _drawn(result_plots(groups), run),
        "training_figures": _drawn(training_plots(run), run),
        "galleries": galleries(run),
    }


def _of_comparison(run: ReportedRun) -> dict[str, Any]:
    """What the page of a comparison of networks shows beside that."""
    benchmark, networks = run.files.benchmark, run.networks
    found = paper_verdicts.verdicts(run)
    swept = [setting for setting in (TEMPERATURE, BATCH_SIZE) if setting.sweep(networks).has_others]
    tables = [*results.paired_tables(run), *(results.sweep_table(run, setting) for setting in swept)]
    if benchmark is not None:
        tables += [cost_tables.cost_table(benchmark, networks), cost_tables.disk_table(benchmark, networks)]
    plots = {setting.name: sweep_plot(run, setting) for setting in swept}
    return {
        "title": f"Melanoma detection by distillation: comparison “{run.files.manifest.recipe_name}”",
        "networks": networks,
        "aucs": verdicts.auc_lines(
            [group for group in run.main_groups if group.is_teacher or _is_student(run, group.name)]
        ),
        "introduction": _introduction(run),
        "verdicts": found,
        "tables": [*tables, *(verdict.table for verdict in found if verdict.table is not None)],
        "cost_figures": _drawn(cost_plots(run), run),
        "sweep_figures": {name: _drawn([plot], run) for name, plot in plots.items() if plot is not None},
        "settings": (TEMPERATURE, BATCH_SIZE),
        "benchmark": benchmark,
        "control": None if benchmark is None else cost_tables.controls_sentence(benchmark),
    }


def _is_student(run: ReportedRun, group: str) -> bool:
    student = next((n for n in run.networks.networks if n.architecture == run.networks.student), None)
    return student is not None and group in student.groups.values()


def _introduction(run: ReportedRun) -> str:
    """What was compared."""
    compared, teacher = run.networks, run.networks.teacher
    others = [network.name for network in compared.networks if network.architecture != compared.student]
    sweeps = [
        f"with {len(setting.sweep(compared).points)} {setting.plural}"
        for setting in (TEMPERATURE, BATCH_SIZE)
        if setting.sweep(compared).has_others
    ]
    of_teacher = "not finished"
    if teacher is not None:
        of_teacher = network_name(summary_of(run.judgement.groups[teacher]).architecture)
    also = f" {compared.student_name} was also trained {numbers.listed(sweeps)}." if sweeps else ""
    failed = len(run.files.failed)
    could_not = f" {numbers.several(failed, 'model')} could not be trained (see Models)." if failed else ""
    return (
        f"{compared.student_name} and {numbers.several(len(others), 'other network')} "
        f"({numbers.listed(others) or 'none is finished'}) were trained as students of one teacher "
        f"({of_teacher}), each in up to {numbers.several(len(compared.objectives), 'way')} "
        f"({numbers.listed([objective_name(name) for name in compared.objectives])})."
        f"{also} All are judged on the same test images.{could_not}"
    )


def _drawn(plots: Sequence[Plot], run: ReportedRun) -> list[dict[str, str]]:
    """``source``, ``caption`` and ``alt`` of each."""
    drawings = [base64.b64encode(draw_plot(plot, synthetic=run.synthetic)).decode() for plot in plots]
    return [
        {"source": f"data:image/svg+xml;base64,{drawing}", "caption": plot.caption, "alt": plot.alt}
        for plot, drawing in zip(plots, drawings, strict=True)
    ]
