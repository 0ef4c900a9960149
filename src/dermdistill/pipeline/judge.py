"""From predictions to figures: always made anew, because they follow from the stored tables alone."""

from collections.abc import Iterable, Mapping, Sequence

from dermdistill.evaluation.evaluate import compare, evaluate
from dermdistill.evaluation.predictions import Predictions, read_predictions
from dermdistill.evaluation.results import Comparison
from dermdistill.evaluation.thresholds import operating_points
from dermdistill.json_files import write_json, write_json_list
from dermdistill.pipeline.cells import Bench, Cell
from dermdistill.runs import TEACHER_MEMBER


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
    controls = controls_of(
        (cell.group, cell.architecture, cell.objective) for cell in cells if cell.role == "student"
    )
    write_json_list(bench.run.comparisons, comparisons(groups, controls, replicates))


def controls_of(students: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """The labels-only control of each group of students: the same network without a teacher.

    Args:
        students: group, architecture and objective of each.
    """
    known = list(students)
    controls = {architecture: group for group, architecture, objective in known if objective == "labels"}
    return {
        group: controls[architecture]
        for group, architecture, objective in known
        if objective != "labels" and architecture in controls
    }


def comparisons(
    groups: Mapping[str, Sequence[Predictions]], controls: Mapping[str, str], replicates: int
) -> list[Comparison]:
    """Every student against its labels-only control, and every student against the teacher.

    Args:
        groups: predictions of each group's seeds on the same images; the teacher's is ``teacher``, and
            its members are compared with nothing.
        controls: see ``controls_of``.
        replicates: bootstrap resamples.
    """
    students = [name for name in groups if name not in ("teacher", TEACHER_MEMBER)]
    pairs = [(name, controls[name]) for name in students if name in controls]
    if "teacher" in groups:
        pairs += [(name, "teacher") for name in students]
    return [compare(groups[a], groups[b], names=(a, b), replicates=replicates) for a, b in pairs]
