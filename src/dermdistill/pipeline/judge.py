"""From predictions to figures: always made anew, because they follow from the stored tables alone."""

from collections.abc import Collection, Mapping, Sequence

from dermdistill.evaluation.evaluate import compare, evaluate
from dermdistill.evaluation.results import Comparison, write_json, write_json_list
from dermdistill.evaluation.thresholds import operating_points
from dermdistill.inference.predictions import Predictions, read_predictions
from dermdistill.pipeline.cells import Bench, Cell


def judge(bench: Bench, cells: Sequence[Cell]) -> None:
    """Write the metrics of every model and the paired comparisons."""
    replicates = bench.recipe.evaluation.replicates
    tests: dict[str, Predictions] = {}
    for cell in cells:
        folder = bench.run.model(cell.name)
        predictions = read_predictions(folder.predictions)
        tests[cell.name] = predictions.of_split("test")
        points = operating_points(predictions.of_split("val"))
        write_json(folder.metrics, evaluate(tests[cell.name], points, replicates=replicates))
    groups: dict[str, list[Predictions]] = {}
    for cell in cells:
        groups.setdefault(cell.group, []).append(tests[cell.name])
    controls = {cell.group for cell in cells if cell.role == "student" and cell.objective == "labels"}
    write_json_list(bench.run.comparisons, comparisons(groups, controls, replicates))


def comparisons(
    groups: Mapping[str, Sequence[Predictions]], controls: Collection[str], replicates: int
) -> list[Comparison]:
    """Every student against the labels-only control, and every student against the teacher.

    Args:
        groups: predictions of each group's seeds on the same images; the teacher's is ``teacher``.
        controls: names of the groups that learned from labels only.
        replicates: bootstrap resamples.
    """
    students = [name for name in groups if name != "teacher"]
    pairs = [(name, control) for control in sorted(controls) for name in students if name != control]
    if "teacher" in groups:
        pairs += [(name, "teacher") for name in students]
    return [compare(groups[a], groups[b], names=(a, b), replicates=replicates) for a, b in pairs]
