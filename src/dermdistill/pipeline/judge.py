"""From predictions to figures: always made anew, because they follow from the stored tables alone."""

from collections.abc import Sequence
from itertools import groupby

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
    groups = {
        name: [tests[cell.name] for cell in members]
        for name, members in groupby(cells, lambda cell: cell.group)
    }
    write_json_list(bench.run.comparisons, comparisons(groups, replicates))


def comparisons(groups: dict[str, list[Predictions]], replicates: int) -> list[Comparison]:
    """Every student against its labels-only control, and every student against the teacher."""
    controls = [name for name in groups if name.endswith("-labels")]
    students = [name for name in groups if name != "teacher"]
    pairs = [(name, control) for control in controls for name in students if name != control]
    pairs += [(name, "teacher") for name in students]
    return [compare(groups[a], groups[b], names=(a, b), replicates=replicates) for a, b in pairs]
