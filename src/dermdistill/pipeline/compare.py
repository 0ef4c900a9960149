"""The paper's comparison: networks x objectives x seeds and the sweeps, in one run folder.

A comparison is a run folder with more models in it, so `evaluate`, `export`, `benchmark` and `report` take it
as it is. Processes that share the folder take the next free model each; machines that do not share it train
a part each, and their model folders are then copied into one.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image

from dermdistill.benchmark.measure import Options, benchmark
from dermdistill.benchmark.results import Benchmark
from dermdistill.benchmark.subjects import find
from dermdistill.config import CompareRecipe, Recipe
from dermdistill.errors import UserError
from dermdistill.evaluation.metrics import auc
from dermdistill.evaluation.predictions import read_predictions
from dermdistill.files import disk_is_full, lock_if_free, write_text
from dermdistill.json_files import read_json, write_json
from dermdistill.pipeline.board import Board
from dermdistill.pipeline.cells import Bench, Cell, compared_cells, finish, student_cells, teacher_cells
from dermdistill.pipeline.environment import describe
from dermdistill.pipeline.judge import judge
from dermdistill.pipeline.opening import close_run, open_run
from dermdistill.pipeline.prepare import DataOptions
from dermdistill.pipeline.workload import Forecast, Part, Workload
from dermdistill.report.build import build_report
from dermdistill.runs import ModelSummary, RunFolder
from dermdistill.training.memory import keep_freed_memory

_PHOTOGRAPHS = 100
"""Different images among those whose prediction is timed; more would only cost disk."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far a comparison is.

    Attributes:
        failed: reasons, by model.
        elsewhere: models that another process is training.
        other_parts: models that are left to other parts.
    """

    run: RunFolder
    failed: dict[str, str]
    elsewhere: tuple[str, ...]
    other_parts: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every model was tried, so that there is a report."""
        return not (self.elsewhere or self.other_parts)


def compare(
    recipe: Recipe, data: DataOptions, out: Path, *, device: torch.device, command: str, part: Part
) -> Outcome:
    """Train all that the recipe compares, judge it, measure its speed and report; finished models are kept.

    Args:
        recipe: every choice; it has a section ``compare``.
        data: the user's options.
        out: the run folder; made if need be.
        device: where to train and measure.
        command: how the user asked for it, for the manifest.
        part: which share of the students to train here.

    Raises:
        UserError: no section ``compare``; wrong data or networks; a folder that is not this comparison's;
            another part than the first without a teacher; no model could be trained.
    """
    chosen = _comparison(recipe)
    keep_freed_memory()
    teachers = teacher_cells(recipe)
    students = [*student_cells(recipe), *compared_cells(recipe)]
    cells = [*teachers, *students]
    bench = open_run(recipe, data, out, cells, device=device, command=command)
    workload = Workload(cells, recipe)
    # The other parts only read the teacher, so they need no members of it.
    mine = [*(teachers if part.number == 1 else teachers[-1:]), *workload.share(students, part)]
    _need_teacher(bench, part)
    board = Board([*teachers, *students], frozenset(cell.name for cell in mine), Forecast(workload))
    with board.shown():
        _train_all(mine, bench, board)
    failed = {name: board.failed[name] for name in sorted(board.failed)}
    left = [cell.name for cell in board.cells if cell.name not in board.done and cell.name not in failed]
    outcome = Outcome(
        bench.run,
        failed,
        tuple(name for name in left if name in board.elsewhere),
        tuple(name for name in left if name not in board.mine),
    )
    if outcome.complete:
        # Two processes may see the last model finished; one measures, the other then finds it measured.
        with _claimed(bench.run.lock, wait=True):
            done = [cell for cell in board.cells if cell.name in board.done]
            _conclude(bench, done, chosen, failed)
    return outcome


def _comparison(recipe: Recipe) -> CompareRecipe:
    """What the recipe compares, and only here it must fit the student: a run takes any student."""
    chosen, student = recipe.compare, recipe.student
    if chosen is None:
        raise UserError(
            f"recipe {recipe.name}: has no section [compare]; name one that has, such as demo or paper"
        )
    if student.model in (network.model for network in chosen.networks):
        raise UserError(
            f"recipe {recipe.name}: compare.networks must not name {student.model}, which is the student"
        )
    if (chosen.temperatures or chosen.batch_sizes) and "hinton" not in student.objectives:
        raise UserError(
            f"recipe {recipe.name}: compare.temperatures and batch_sizes need 'hinton' in student.objectives"
        )
    return chosen


def _need_teacher(bench: Bench, part: Part) -> None:
    if part.number > 1 and not bench.run.model("teacher").summary.exists():
        raise UserError(
            f"--part {part.number}/{part.count}: the teacher is trained once, by part 1/{part.count}; "
            f"copy its folder to {bench.run.model('teacher').path} first"
        )


def _train_all(cells: Sequence[Cell], bench: Bench, board: Board) -> None:
    """Train what is free; at the end only models that other processes are training may be left.

    A teacher that another process is training is waited for when only distilled students are left.
    """
    teachers = [cell for cell in cells if cell.role == "teacher"]
    distils = any(cell.distils for cell in cells)
    for cell in board.cells:
        _learn_of(cell, bench, board)
    settled = -1
    # As long as it brings anything: others fail, are killed or finish meanwhile and leave models free.
    while settled < len(board.done) + len(board.failed):
        settled = len(board.done) + len(board.failed)
        for cell in cells:
            _attempt(cell, bench, board)
        if distils and "teacher" in board.elsewhere:
            for teacher in teachers:
                _attempt(teacher, bench, board, wait=True)
    for cell in board.cells:
        _learn_of(cell, bench, board)


def _attempt(cell: Cell, bench: Bench, board: Board, *, wait: bool = False) -> None:
    """Make one model unless it is done, has failed, or waits for another process; note a failure."""
    if cell.name in board.done or cell.name in board.failed:
        return
    needed = [*cell.members, *(each for each in board.cells if each.name == "teacher" and cell.distils)]
    for each in needed:
        _learn_of(each, bench, board)
    if any(each.name in board.elsewhere for each in needed):
        if cell.members:
            board.elsewhere.add(cell.name)
        return
    with _claimed(bench.run.model(cell.name).lock, wait=wait) as free:
        if not free:
            board.elsewhere.add(cell.name)
            return
        _learn_of(cell, bench, board)
        if cell.name in board.done:
            return
        board.begin(cell)
        try:
            missing = [each.name for each in needed if each.name in board.failed]
            if missing:
                raise UserError(f"{missing[0]} could not be trained")
            finish(cell, bench, board)
        except Exception as error:  # one model's trouble, whatever it is, must not stop the others
            if disk_is_full(error):  # which is the trouble of all
                raise
            board.fail(cell, _reason(cell, error))
        _learn_of(cell, bench, board)


def _learn_of(cell: Cell, bench: Bench, board: Board) -> None:
    """Tell the board of a model that is finished, by whomever."""
    folder = bench.run.model(cell.name)
    if cell.name in board.done or not folder.summary.exists():
        return
    summary = read_json(folder.summary, ModelSummary)
    val = read_predictions(folder.predictions).of_split("val")
    board.finished(cell, auc(val.label, val.probability), summary.training_seconds)


@contextmanager
def _claimed(lock: Path, *, wait: bool) -> Iterator[bool]:
    """Keep what a file stands for to this process while the block runs; False where another has it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as handle:
        yield lock_if_free(handle, wait=wait)


def _reason(cell: Cell, error: Exception) -> str:
    """In one line, without the model's name, which stands before it."""
    lines = str(error).removeprefix(f"{cell.name}: ").splitlines() or [""]
    return lines[0] if isinstance(error, UserError) else f"{type(error).__name__}: {lines[0][:200]}"


def _conclude(bench: Bench, cells: Sequence[Cell], recipe: CompareRecipe, failed: dict[str, str]) -> None:
    """Judge, measure and report the models that there are."""
    if not cells:
        raise UserError(
            f"{bench.run.path}: no model could be trained; the first failure: {next(iter(failed.values()))}"
        )
    write_text(bench.run.failed, json.dumps(failed, indent=2, ensure_ascii=False) + "\n")
    judge(bench, cells)
    _measure(bench, recipe)
    close_run(bench)
    build_report(bench.run)


def _measure(bench: Bench, recipe: CompareRecipe) -> None:
    """Measure one model of each network, unless that was done; deleting the file repeats it."""
    run = bench.run
    if run.benchmark.exists() and _is_of(read_json(run.benchmark, Benchmark), run, recipe):
        return
    torch.cuda.empty_cache()  # the processes that measure need the memory that training had
    with tempfile.TemporaryDirectory() as folder:
        _write_photographs(bench, Path(folder))
        options = Options(
            rounds=recipe.benchmark_rounds,
            device=bench.device.type,
            images=Path(folder),
            count=recipe.benchmark_images,
        )
        write_json(run.benchmark, benchmark([str(run.path)], options, describe(bench.device)))


def _is_of(found: Benchmark, run: RunFolder, recipe: CompareRecipe) -> bool:
    """Whether these models were measured, as often and on as many images as the recipe says."""
    names = {named.name for named in find([str(run.path)])}
    return (
        names == {each.model for each in found.measured}
        and found.rounds == recipe.benchmark_rounds
        and {each.images for each in found.from_disk} == {recipe.benchmark_images}
    )


def _write_photographs(bench: Bench, folder: Path) -> None:
    """Test images as JPEG files, as a clinic would have them."""
    rows = bench.assigned.rows("test")[:_PHOTOGRAPHS]
    for i, row in enumerate(rows):
        pixels = bench.assigned.dataset.records[row].image.decode()
        Image.fromarray(pixels).save(folder / f"{i:04}.jpg", quality=95)
