"""Tables of an evaluation: what the operating point does, and where; one row per model."""

from collections import Counter
from collections.abc import Callable, Sequence

from dermdistill.evaluation.estimates import Estimate
from dermdistill.evaluation.predictions import Predictions
from dermdistill.judgement.judgement import AtPrevalence, Decision, Group, Subgroup
from dermdistill.records import MELANOMA
from dermdistill.report import numbers
from dermdistill.report.evaluation_words import FIGURES, number_needed
from dermdistill.report.table import (
    NOT_CHOSEN,
    Table,
    TableCell,
    TableRow,
    figure,
    mean_figure,
    missing,
    section,
    text,
)

PEOPLE = 1000
"""Lesions that the tables count with."""


def decision_table(groups: Sequence[Group]) -> Table:
    """What the operating point in use does; a row per figure."""
    rows: tuple[tuple[str, Callable[[Decision], TableCell]], ...] = (
        ("sensitivity", lambda of: figure(of.sensitivity)),
        ("specificity", lambda of: figure(of.specificity)),
        ("PPV", lambda of: figure(of.ppv)),
        ("NPV", lambda of: figure(of.npv)),
        ("number needed to biopsy", lambda of: _number_needed(of.needed_to_biopsy)),
        ("flagged", lambda of: figure(of.flagged)),
    )
    return Table(
        "decision",
        "At the operating point in use",
        ("", *(group.label for group in groups)),
        tuple(TableRow(text(name), tuple(_decided(group, cell) for group in groups)) for name, cell in rows),
    )


def _decided(group: Group, cell: Callable[[Decision], TableCell]) -> TableCell:
    return NOT_CHOSEN if group.decision is None else cell(group.decision)


def _number_needed(needed: Estimate) -> TableCell:
    if needed.value is None:
        return missing(needed.reason or "undefined on these images")
    value, *interval = number_needed(needed).split(" ", 1)
    return TableCell(value, interval[0] if interval else None)


def confusion_table(groups: Sequence[Group]) -> Table:
    """Counts of images by truth and call."""
    rows = tuple(
        TableRow(text(group.label), tuple(_counts(group.decision)))
        for group in groups
        if group.decision is not None
    )
    return Table(
        "confusion",
        "Confusion matrix: images, and their share of the truth",
        ("model", *("not flagged", "flagged") * 2),
        rows,
        (("", 1), ("is other", 2), ("is melanoma", 2)),
    )


def _counts(of: Decision) -> list[TableCell]:
    return [
        TableCell(numbers.mean_count(count), below=(numbers.percent(count, sum(row)),))
        for row in of.confusion
        for count in row
    ]


def prevalence_table(group: Group) -> Table:
    """What a flag is worth at the prevalence found and at others; no rows where no threshold was chosen."""
    of = group.decision
    rows: tuple[TableRow, ...] = ()
    if of is not None:
        found = of.prevalence.value or 0.0
        here = AtPrevalence(prevalence=found, ppv=of.ppv, npv=of.npv, needed_to_biopsy=of.needed_to_biopsy)
        rows = (
            _prevalence_row(here, of, "found here"),
            *(_prevalence_row(at, of) for at in of.elsewhere),
        )
    columns = ("PPV", "NPV", "number needed to biopsy", "flagged", "melanomas flagged", "melanomas missed")
    return Table(
        "prevalence",
        f"{group.label}: what a flag is worth, by the share of melanomas",
        ("melanomas", *columns),
        rows,
        (("", 4), (f"of {numbers.count(PEOPLE)} lesions", 3)),
    )


def _prevalence_row(at: AtPrevalence, of: Decision, *remark: str) -> TableRow:
    heading = text(f"{100 * at.prevalence:.3g} %", *remark)
    worth = (figure(at.ppv), figure(at.npv), _number_needed(at.needed_to_biopsy))
    return TableRow(heading, (*worth, *_per_thousand(at.prevalence, of)))


def _per_thousand(prevalence: float, of: Decision) -> tuple[TableCell, ...]:
    """Natural frequencies; dashes where sensitivity or specificity is undefined."""
    if of.sensitivity.value is None or of.specificity.value is None:
        return (missing("sensitivity or specificity is undefined on these images"),) * 3
    melanomas = PEOPLE * prevalence
    hits = melanomas * of.sensitivity.value
    false = (PEOPLE - melanomas) * (1 - of.specificity.value)
    return tuple(TableCell(_natural(number)) for number in (hits + false, hits, melanomas - hits))


def _natural(number: float) -> str:
    return f"{number:.0f}" if number >= 9.5 or number == 0 else f"{number:.1f}"


def ranking_table(groups: Sequence[Group]) -> Table:
    """What does not depend on the threshold; a row per figure."""
    rows: tuple[tuple[str, Callable[[Group], TableCell]], ...] = (
        ("AUC", lambda of: mean_figure(of.mean.auc)),
        (
            "sensitivity at 90 % specificity",
            lambda of: mean_figure(of.mean.sensitivity_at_specificity["0.90"]),
        ),
        ("AUPRC", lambda of: mean_figure(of.mean.auprc)),
        ("Brier score", lambda of: mean_figure(of.mean.brier)),
        ("ECE", lambda of: mean_figure(of.mean.ece)),
        ("P minus share of melanomas", lambda of: figure(of.calibration, with_sign=True)),
    )
    return Table(
        "ranking",
        "Ranking and calibration",
        ("", *(group.label for group in groups)),
        tuple(TableRow(text(name), tuple(cell(group) for group in groups)) for name, cell in rows),
    )


def subgroups_table(group: Group) -> Table:
    """The figures of every subgroup."""
    rows: list[TableRow] = []
    for i, one in enumerate(group.subgroups):
        if i == 0 or group.subgroups[i - 1].by != one.by:
            rows.append(section(one.by.capitalize()))
        counts = (TableCell(numbers.count(one.n_images)), TableCell(numbers.count(one.n_melanoma)))
        rows.append(TableRow(text(one.value), (*counts, *_subgroup_cells(one))))
    columns = (
        "images",
        "melanomas",
        "AUC",
        "sensitivity",
        "specificity",
        "flagged",
        "P minus share of melanomas",
    )
    return Table("subgroups", f"{group.label}: subgroups", ("", *columns), tuple(rows))


def _subgroup_cells(one: Subgroup) -> tuple[TableCell, ...]:
    figures = map(mean_figure, (one.auc, one.sensitivity, one.specificity, one.flagged))
    return (*figures, figure(one.calibration, with_sign=True))


def differences_table(group: Group) -> Table:
    """Every tested difference, the least likely by chance first."""
    tested = [(one, difference) for one in group.subgroups for difference in one.differences]
    rows = tuple(
        TableRow(
            text(f"{one.by.capitalize()}: {one.value}"),
            (
                text(FIGURES[each.figure]),
                figure(each.delta, with_sign=True),
                TableCell(numbers.p_value(each.p_value)),
                TableCell(numbers.p_value(each.adjusted_p_value)),
            ),
        )
        for one, each in sorted(tested, key=lambda pair: pair[1].p_value)
    )
    columns = ("subgroup minus all others", "figure", "difference", "p", "p, corrected")
    return Table("differences", f"{group.label}: differences of subgroups", columns, rows)


def data_table(images: Predictions) -> Table:
    """Images and lesions of each diagnosis, melanoma first, by source where there are several."""
    sources = tuple(dict.fromkeys(images.source))
    counts = Counter(zip(images.diagnosis, images.source, strict=True))
    totals = Counter(images.diagnosis)
    ordered = sorted(totals, key=lambda name: (name != MELANOMA, -totals[name], name))
    several = sources if len(sources) > 1 else ()
    rows = tuple(
        TableRow(
            text(name),
            (
                *(TableCell(numbers.count(counts[name, source])) for source in several),
                TableCell(numbers.count(totals[name]), numbers.percent(totals[name], len(images))),
            ),
        )
        for name in ordered
    )
    return Table("data", "Images by diagnosis", ("diagnosis", *several, "images"), rows)
