"""The student's sweeps of one setting: what they are called, their differences and their table."""

from collections.abc import Mapping
from dataclasses import dataclass

from dermdistill.evaluation.evaluate import compare
from dermdistill.evaluation.predictions import Predictions
from dermdistill.evaluation.results import Comparison
from dermdistill.report import numbers, published
from dermdistill.report.comparison.arrangement import Sweep
from dermdistill.report.groups import Group
from dermdistill.report.tables import Cell, Row, Table, figure, mean_figure, text


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting that is swept.

    Attributes:
        symbol: what stands before a value.
        published: the paper's accuracies of DSNet.
        logarithmic: whether its values are spread over decades.
    """

    name: str
    plural: str
    symbol: str
    published: Mapping[int, float]
    logarithmic: bool

    def named(self, value: float) -> str:
        """``T = 10``, ``batch 64``."""
        return f"{self.symbol} {value:g}"


TEMPERATURE = Setting("temperature", "temperatures", "T =", published.TEMPERATURE_ACCURACY, True)
BATCH_SIZE = Setting("batch size", "batch sizes", "batch", published.BATCH_SIZE_ACCURACY, False)


def differences_from_base(sweep: Sweep, replicates: int) -> dict[float, Comparison]:
    """Each value minus the recipe's own, paired; none where that has no finished model."""
    base = sweep.base_group
    if base is None:
        return {}
    return {
        value: compare(_tests(group), _tests(base), names=(group.name, base.name), replicates=replicates)
        for value, group in sweep.points
        if group is not base
    }


def sweep_table(setting: Setting, sweep: Sweep, differences: Mapping[float, Comparison]) -> Table:
    """A row a value, the paper's accuracy beside it; the paper's own values that were not trained, too."""
    points = dict(sweep.points)
    values = sorted({*points, *map(float, setting.published)})
    return Table(
        name=setting.name.replace(" ", "-"),
        caption=f"{setting.name.capitalize()} of the distilled student",
        columns=(setting.name, "the paper's accuracy", "AUC", f"minus {setting.named(sweep.base)}"),
        rows=tuple(
            Row(
                text(f"{value:g}", *(["the recipe's own"] if value == sweep.base else [])),
                (_papers(setting, value), *_ours(points.get(value), differences.get(value))),
                quiet=value not in points,
            )
            for value in values
        ),
    )


def _tests(group: Group) -> list[Predictions]:
    return [model.test for model in group.models]


def _ours(group: Group | None, difference: Comparison | None) -> tuple[Cell, Cell]:
    auc = Cell("") if group is None else mean_figure(group.mean.auc)
    if difference is None:
        return auc, Cell("")
    pairs = ", ".join(
        numbers.UNDEFINED if delta is None else numbers.signed(delta) for delta in difference.pair_deltas
    )
    return auc, figure(difference.delta_auc, f"pairs {pairs}", with_sign=True)


def _papers(setting: Setting, value: float) -> Cell:
    accuracy = setting.published.get(round(value)) if value == round(value) else None
    return Cell("") if accuracy is None else Cell(numbers.fraction(accuracy))
