"""The paper's figures and this run's in one table; the report says why they cannot be compared."""

from collections.abc import Sequence

from dermdistill.report import numbers, published
from dermdistill.report.groups import Group
from dermdistill.report.tables import Cell, Row, Table, plain_figure, section, text

_ABSENT = Cell("")


def paper_table(groups: Sequence[Group]) -> Table:
    """The paper's Table 2 and DSNet's scores of each class, then this run at argmax, which the paper uses."""
    return Table(
        name="paper",
        caption="arXiv:2210.08086 and this run, both at argmax; blank where not given",
        spans=(("", 5), ("Melanoma", 3), ("Other", 3)),
        columns=(
            *("model", "parameters", "training", "prediction of 3,000 images", "accuracy"),
            *("precision", "recall", "F1") * 2,
        ),
        rows=(
            section("The paper"),
            *(_published_row(student) for student in published.TABLE_2),
            section("This run"),
            *(_our_row(group) for group in groups),
        ),
    )


def _published_row(student: published.PublishedStudent) -> Row:
    scores = (published.DSNET_MELANOMA, published.DSNET_OTHER) if student.architecture == "DSNet" else ()
    classes = [Cell(f"{value:.2f}") for of_class in scores for value in of_class] or [_ABSENT] * 6
    return Row(
        text(student.architecture, *([student.remark] if student.remark else [])),
        (
            Cell(student.parameters),
            Cell(f"{student.training_seconds:,.0f} s"),
            Cell(f"{student.prediction_seconds:.2f} s"),
            Cell(numbers.fraction(student.accuracy)),
            *classes,
        ),
    )


def _our_row(group: Group) -> Row:
    scores = group.mean.operating_points["argmax"]
    classes = (
        *(scores.melanoma.precision, scores.melanoma.recall, scores.melanoma.f1),
        *(scores.other.precision, scores.other.recall, scores.other.f1),
    )
    return Row(
        text(group.label),
        (
            Cell(numbers.count(group.summary.parameters)),
            Cell(f"{group.training_seconds:,.0f} s", below=group.training_remark),
            _ABSENT,
            *map(plain_figure, (scores.accuracy, *classes)),
        ),
    )
