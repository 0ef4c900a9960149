"""The main job: teacher, students with and without it, what they are compared with, figures, report.

Everything lies in one run folder, and a run that was stopped at any moment goes on there.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from dermdistill.config import Recipe
from dermdistill.errors import UserError
from dermdistill.files import write_text
from dermdistill.json_files import read_json
from dermdistill.judgement.judge import judge_run
from dermdistill.pipeline.board import Board
from dermdistill.pipeline.executor import Executor, one_by_one, result_of
from dermdistill.pipeline.forecast import Forecast, judging_seconds
from dermdistill.pipeline.opening import close_run, held, open_run, pixels_of
from dermdistill.pipeline.plan import Cell, Plan, RunContext, cells_of
from dermdistill.pipeline.prepare import DataOptions, ImagesOfRun
from dermdistill.pipeline.run_benchmark import measure_speed, measuring_seconds
from dermdistill.progress import say
from dermdistill.report.build import build_report
from dermdistill.runs import ModelSummary, RunFolder
from dermdistill.training.memory import keep_freed_memory
from dermdistill.training.ranks import ALONE, Ranks, Together


def run(
    recipe: Recipe,
    data: DataOptions,
    out: Path,
    *,
    device: torch.device,
    command: str,
    executor: Executor = one_by_one,
    ranks: Ranks = ALONE,
) -> RunFolder:
    """Train all that the recipe names, judge it, measure the speed of a comparison's networks, and report.

    What is finished is kept. A model that fails takes those with it that learn from it; the others go on.

    Args:
        recipe: every choice; one without a section ``compare`` trains teacher and students alone.
        data: the user's options.
        out: the run folder; made if need be.
        device: where to train and measure.
        command: how the user asked for it, for the manifest.
        executor: who carries out the plan.
        ranks: the processes that train each network together, this one the first; the others ``assist``.

    Raises:
        UserError: a wrong recipe or data; a folder that another process has, that is not this run's or
            cannot be written; no model could be trained; a process of ``ranks`` has ended.
    """
    cells = cells_of(recipe)
    keep_freed_memory()
    folder = RunFolder(out)
    with held(folder, data):
        plan, context = open_run(recipe, data, folder, cells, device=device, command=command)
        context = replace(context, ranks=ranks)
        board = _board(plan, context)
        with board.shown(), assisted(ranks, context):
            executor(plan, context, board)
        _conclude([cell for cell in plan.cells if cell.name in board.done], context, board)
    return folder


@contextmanager
def assisted(ranks: Ranks, context: RunContext) -> Iterator[None]:
    """Give the other processes, if there are any, the images, and in the end their leave."""
    if isinstance(ranks, Together):
        ranks.share(ImagesOfRun(tuple(context.assigned.dataset.records), tuple(context.images)))
    yield
    if isinstance(ranks, Together):
        ranks.share(None)


def failures_of(folder: RunFolder) -> list[str]:
    """A line for every model that could not be trained, or whose training stopped early.

    Of the latter the last good weights were judged.
    """
    summaries = [read_json(model.summary, ModelSummary) for model in folder.models()]
    stopped = [f"stopped early: {each.name}: {each.failure}" for each in summaries if each.failure]
    failed = read_json(folder.failed, dict[str, str]) if folder.failed.exists() else {}
    return [*stopped, *(f"failed: {name}: {reason}" for name, reason in failed.items())]


def _board(plan: Plan, context: RunContext) -> Board:
    """With all that is finished already."""
    recipe, run = context.recipe, context.run
    images = len(context.assigned.rows("test"))
    forecast = Forecast(
        plan.cells,
        recipe,
        judging=judging_seconds(len(plan.cells), images, recipe.evaluation.replicates),
        measuring=0 if run.benchmark.exists() else measuring_seconds(recipe),
    )
    board = Board(plan.cells, forecast)
    before = [cell for cell in plan.cells if run.model(cell.name).summary.exists()]
    for cell in before:
        board.finish(cell, *result_of(run.model(cell.name)))
    if before:
        say(f"{len(before)} of {len(plan.cells)} models were trained before")
    return board


def _conclude(done: Sequence[Cell], context: RunContext, board: Board) -> None:
    """Measure, judge and report the models that there are."""
    run, compared = context.run, context.recipe.compare
    failed = dict(sorted(board.failed.items()))
    if not done:
        reason = next(iter(failed.values()))
        raise UserError(f"{run.path}: no model could be trained; the first failure: {reason}")
    write_text(run.failed, json.dumps(failed, indent=2, ensure_ascii=False) + "\n")
    if compared is not None:
        board.stage("measuring speed", board.forecast.measuring + board.forecast.judging)
        measure_speed(context, compared)
    board.stage("judging", board.forecast.judging)
    judge_run(run)
    close_run(context)
    build_report(run, images=pixels_of(context))
