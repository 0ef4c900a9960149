"""The folder of an evaluation becomes ``report.html`` and ``tables/``, from the folder alone."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dermdistill.evaluation.predictions import Predictions, read_predictions
from dermdistill.files import write_text
from dermdistill.json_files import read_json
from dermdistill.judgement.judgement import Group, Judgement
from dermdistill.outputs import open_output
from dermdistill.records import Pixels
from dermdistill.report import evaluation_tables as tables_of
from dermdistill.report import evaluation_words as words
from dermdistill.report import numbers
from dermdistill.report.evaluation_plots import evaluation_plots
from dermdistill.report.forest_plot import draw_forest
from dermdistill.report.gallery import galleries, save_thumbnails
from dermdistill.report.page import drawn, figure, render
from dermdistill.report.results_tables import comparisons_table
from dermdistill.report.table import Table
from dermdistill.report.table_files import check_tables, write_tables
from dermdistill.runs import EvaluationManifest, RunFolder
from dermdistill.signed_page import is_unedited, sign


def build_evaluation_report(
    folder: Path, *, images: Callable[[Sequence[str]], list[Pixels]] | None = None
) -> Path:
    """Write the report of an evaluation and its tables, and return its path.

    Args:
        folder: of `dermdistill evaluate`.
        images: gives the pixels of image ids; as of ``build_report``.

    Raises:
        UserError: a file in the folder is missing, damaged, edited or not writable.
    """
    check_evaluation_report(folder)
    files = RunFolder(folder)
    manifest = read_json(files.evaluation, EvaluationManifest)
    judgement = read_json(files.judgement, Judgement)
    groups = list(judgement.groups.values())
    if images is not None:
        wrong = {image.image_id for group in groups for image in group.most_wrong}
        save_thumbnails(files, sorted(wrong), images)
    tables = _tables(judgement, read_predictions(folder / groups[0].models[0] / "predictions.csv"))
    write_tables(files.tables, [table for part in tables.values() for table in part])
    write_text(files.report, sign(_page(files, manifest, judgement, tables)))
    return files.report


def check_evaluation_report(folder: Path) -> None:
    """Raise UserError if there is a report that somebody has edited, or that is none of this program's."""
    files = RunFolder(folder)
    open_output(files.report, "--output", expected="a report as this program wrote it", is_ours=is_unedited)
    check_tables(files.tables)


def _tables(judgement: Judgement, judged: Predictions) -> dict[str, list[Table]]:
    """By section of the page; tables without rows are left out."""
    groups = list(judgement.groups.values())
    made = {
        "decision": [tables_of.decision_table(groups), tables_of.confusion_table(groups)],
        "prevalence": [_named(tables_of.prevalence_table(group), groups, group) for group in groups],
        "ranking": [
            tables_of.ranking_table(groups),
            comparisons_table(judgement.groups, judgement.comparisons),
        ],
        "subgroups": [_named(tables_of.subgroups_table(group), groups, group) for group in groups],
        "differences": [_named(tables_of.differences_table(group), groups, group) for group in groups],
        "data": [tables_of.data_table(judged)],
    }
    return {name: [table for table in part if table.rows] for name, part in made.items()}


def _named(table: Table, groups: Sequence[Group], group: Group) -> Table:
    """Of one of several groups: a name of its own, safe for a file whatever the group is called."""
    if len(groups) == 1:
        return table
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "_", group.name)[:60]
    return replace(table, name=f"{table.name}-{groups.index(group) + 1}-{readable}")


def _page(
    files: RunFolder,
    manifest: EvaluationManifest,
    judgement: Judgement,
    tables: Mapping[str, Sequence[Table]],
) -> str:
    groups = list(judgement.groups.values())
    decisions = [group.decision for group in groups if group.decision is not None]
    forests = [group for group in groups if group.subgroups]
    return render(
        "evaluation.html.j2",
        title=words.title(groups, manifest.data),
        synthetic=judgement.synthetic,
        images_sentence=words.images_sentence(groups[0]),
        rule=words.rule_sentence(decisions) if decisions else None,
        warnings=words.warnings(judgement),
        findings=words.findings(groups[0]) if len(groups) == 1 else [],
        models=[words.in_one_line(group) for group in groups] if len(groups) > 1 else [],
        tables=tables,
        curves=drawn(evaluation_plots(groups), synthetic=judgement.synthetic),
        forests=[(group.label, _forest(group, judgement), words.differences(group)) for group in forests],
        tested=sum(len(one.differences) for group in groups[:1] for one in group.subgroups),
        galleries=galleries(files, groups),
        manifest=manifest,
        replicates=numbers.count(judgement.replicates),
    )


def _forest(group: Group, judgement: Judgement) -> dict[str, str]:
    return figure(
        draw_forest(group, synthetic=judgement.synthetic),
        "Figures of each subgroup with their 95\N{NO-BREAK SPACE}% intervals; in brackets, melanomas of all "
        "images. No mark: too few lesions to say. Dashed: all images. Diamonds: different from all others, "
        "after the correction.",
        f"Forest plot of the subgroups of {group.label}; the table below has its figures.",
    )
