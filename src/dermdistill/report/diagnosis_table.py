"""How well the diagnosis is named, where a model tells several."""

from collections.abc import Sequence

from dermdistill.evaluation.estimates import DiagnosisScores
from dermdistill.judgement.judgement import Group
from dermdistill.report import numbers
from dermdistill.report.table import Table, TableCell, TableRow, mean_figure, text


def diagnoses_table(groups: Sequence[Group]) -> Table:
    """Balanced accuracy and macro AUC, a row per reading; no rows where no model tells several diagnoses."""
    rows: list[TableRow] = []
    for group in groups:
        found = group.mean.diagnoses
        if found is None:
            continue
        counts = (TableCell(str(len(found.diagnoses))), TableCell(numbers.count(found.n_images)))
        rows.append(_row(group.label, "as frequent as in training", counts, found.as_trained))
        if found.balanced is not None:
            rows.append(_row(group.label, "as if equally frequent", counts, found.balanced))
    return Table(
        "diagnoses",
        "Naming the diagnosis: every diagnosis counts alike, however frequent it is",
        ("model", "diagnoses", "images", "balanced accuracy", "macro AUC"),
        tuple(rows),
    )


def _row(label: str, reading: str, counts: Sequence[TableCell], scores: DiagnosisScores) -> TableRow:
    figures = (mean_figure(scores.balanced_accuracy), mean_figure(scores.macro_auc))
    return TableRow(text(label, reading), (*counts, *figures))
