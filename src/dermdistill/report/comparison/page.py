"""The page of a comparison, put together from the run folder's figures."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dermdistill.evaluation.results import Comparison
from dermdistill.report import numbers, provenance, results_tables
from dermdistill.report.comparison import cost_table, tables
from dermdistill.report.comparison.arrangement import Arrangement, Sweep, arrange
from dermdistill.report.comparison.better import better_verdict
from dermdistill.report.comparison.faster import faster_verdict
from dermdistill.report.comparison.gains import distillation_verdict, published_verdict
from dermdistill.report.comparison.illustrations import cost_figures, sweep_figure
from dermdistill.report.comparison.settings import setting_verdict
from dermdistill.report.comparison.sweeps import (
    BATCH_SIZE,
    TEMPERATURE,
    Setting,
    differences_from_base,
    sweep_table,
)
from dermdistill.report.comparison.table_2 import table_2
from dermdistill.report.comparison.verdict import Verdict
from dermdistill.report.groups import Group, network_name, objective_name
from dermdistill.report.page import Figure, render_page, training_notes
from dermdistill.report.reading import RunResults
from dermdistill.report.tables import Table, by_table_name


@dataclass(frozen=True, slots=True)
class _Swept:
    """One swept setting as the page shows it."""

    setting: Setting
    verdict: Verdict
    figure: Figure | None
    table: Table | None


def render(results: RunResults, groups: Sequence[Group]) -> str:
    """The page of a run whose recipe has a section ``compare``."""
    arrangement = arrange(groups, results.recipe)
    synthetic = results.manifest.data.synthetic
    swept = _swept(arrangement, results.recipe.evaluation.replicates, synthetic=synthetic)
    return render_page(
        "comparison.html.j2",
        results,
        groups,
        title=f"Melanoma detection by distillation: comparison “{results.manifest.recipe_name}”",
        introduction=_introduction(arrangement, groups, results.failed),
        verdicts=(*_verdicts(arrangement, results), *(each.verdict for each in swept)),
        tables=_tables(arrangement, results, groups),
        cost_figures=cost_figures(arrangement, results.benchmark, synthetic=synthetic),
        swept=swept,
        benchmark=results.benchmark,
        control=None if results.benchmark is None else cost_table.controls_sentence(results.benchmark),
        failed=results.failed,
        notes=training_notes(results),
    )


def _introduction(arrangement: Arrangement, groups: Sequence[Group], failed: Collection[str]) -> str:
    """What was compared on what."""
    student, teacher, images = arrangement.student_name, arrangement.teacher, groups[0].mean
    others = [network.name for network in arrangement.networks if network is not arrangement.student]
    sweeps = [
        f"with {len(sweep.points)} {setting.plural}"
        for setting, sweep in _sweeps(arrangement)
        if sweep.has_others
    ]
    of_teacher = "not finished" if teacher is None else network_name(teacher.summary.architecture)
    sentences = [
        f"{student} and {numbers.several(len(others), 'other network')} "
        f"({numbers.listed(others) or 'none is finished'}) were trained as students of one teacher "
        f"({of_teacher}), each in up to {numbers.several(len(arrangement.objectives), 'way')} "
        f"({numbers.listed([objective_name(name) for name in arrangement.objectives])})"
        + (f"; {student} also {numbers.listed(sweeps)}." if sweeps else "."),
        f"All are judged on the same {numbers.count(images.n_images)} test images "
        f"({numbers.count(images.n_melanoma)} of melanoma) of {numbers.count(images.n_lesions)} lesions.",
    ]
    if failed:
        sentences.append(f"{numbers.several(len(failed), 'model')} could not be trained (see Models).")
    return " ".join(sentences)


def _sweeps(arrangement: Arrangement) -> tuple[tuple[Setting, Sweep], ...]:
    return ((TEMPERATURE, arrangement.temperatures), (BATCH_SIZE, arrangement.batch_sizes))


def _verdicts(arrangement: Arrangement, results: RunResults) -> tuple[Verdict, ...]:
    comparisons: Sequence[Comparison] = results.comparisons
    return (
        better_verdict(arrangement, results.recipe.evaluation.replicates),
        faster_verdict(arrangement, results.benchmark, results.recipe.data.size),
        distillation_verdict(arrangement, comparisons),
        published_verdict(arrangement, comparisons),
    )


def _swept(arrangement: Arrangement, replicates: int, *, synthetic: bool) -> tuple[_Swept, ...]:
    found = []
    for setting, sweep in _sweeps(arrangement):
        differences = differences_from_base(sweep, replicates)
        found.append(
            _Swept(
                setting,
                setting_verdict(setting, arrangement.student_name, sweep, differences),
                sweep_figure(setting, sweep, synthetic=synthetic),
                sweep_table(setting, sweep, differences) if sweep.has_others else None,
            )
        )
    return tuple(found)


def _tables(arrangement: Arrangement, results: RunResults, groups: Sequence[Group]) -> dict[str, Table]:
    benchmark = results.benchmark
    made = [
        table_2(arrangement, benchmark),
        tables.main_table(arrangement),
        tables.class_table(
            arrangement, "argmax", "Where the most probable class is called (argmax), as the paper does"
        ),
        tables.class_table(arrangement, "youden", "At the Youden threshold, chosen on the validation images"),
        *tables.paired_tables(arrangement, results.comparisons, groups),
        results_tables.sources_table(groups),
        results_tables.models_table(groups),
        *provenance.tables(results),
    ]
    if benchmark is not None:
        made += [cost_table.cost_table(benchmark), cost_table.disk_table(benchmark)]
    return by_table_name(made)
