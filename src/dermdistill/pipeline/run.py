"""The main job: teacher, students with and without it, honest figures, report; resumable at every epoch."""

from pathlib import Path

import torch

from dermdistill.config import Recipe
from dermdistill.evaluation.results import Comparison, Evaluation
from dermdistill.json_files import read_json
from dermdistill.pipeline.cells import finish, student_cells, teacher_cells, untrained
from dermdistill.pipeline.judge import judge
from dermdistill.pipeline.opening import close_run, open_run, pixels_of
from dermdistill.pipeline.prepare import DataOptions
from dermdistill.report.build import build_report
from dermdistill.runs import ModelSummary, RunFolder
from dermdistill.training.memory import keep_freed_memory
from dermdistill.training.reporter import Lines


def run(recipe: Recipe, data: DataOptions, out: Path, *, device: torch.device, command: str) -> RunFolder:
    """Train and judge everything that the recipe names, in the folder ``out``; finished parts are kept.

    Args:
        recipe: every choice.
        data: the user's options.
        out: the run folder; made if need be.
        device: where to train.
        command: how the user asked for it, for the manifest.

    Raises:
        UserError: wrong data, an unwritable folder, results of another recipe in it, damaged checkpoints.
    """
    keep_freed_memory()
    cells = [*teacher_cells(recipe), *student_cells(recipe)]
    bench = open_run(recipe, data, out, cells, device=device, command=command)
    folder = bench.run
    if not folder.model(cells[-1].name).weights.exists():
        untrained(cells[-1], bench)  # so that missing weights are found before the teacher is trained
    reporter = Lines()
    for cell in cells:
        finish(cell, bench, reporter)
    judge(bench, cells)
    close_run(bench)
    build_report(folder, images=pixels_of(bench))
    return folder


def results_of(folder: RunFolder) -> dict[str, Evaluation]:
    """The test figures of every model of a finished run, the teacher first."""
    return {model.path.name: read_json(model.metrics, Evaluation) for model in folder.models()}


def comparisons_of(folder: RunFolder) -> list[Comparison]:
    """The paired comparisons of a finished run."""
    return read_json(folder.comparisons, list[Comparison])


def failures_of(folder: RunFolder) -> list[str]:
    """A line for every model whose training stopped early; its last good weights were judged."""
    summaries = [read_json(model.summary, ModelSummary) for model in folder.models()]
    return [f"{summary.name}: {summary.failure}" for summary in summaries if summary.failure]
