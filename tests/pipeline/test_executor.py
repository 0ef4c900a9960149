"""What one process does with the cells of a plan: their order, failures, and a full disk."""

import errno
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from dermdistill.config import Recipe
from dermdistill.errors import UserError
from dermdistill.files import cannot_write
from dermdistill.pipeline import executor
from dermdistill.pipeline.board import Board
from dermdistill.pipeline.forecast import Forecast
from dermdistill.pipeline.plan import Cell, Plan, RunContext, cells_of
from dermdistill.runs import RunFolder

RECIPE = Recipe.model_validate(
    {
        "name": "r",
        "data": {"size": 32},
        "teacher": {"model": "resnet10t", "members": 2},
        "student": {"objectives": ["hinton", "labels"]},
    }
)
MEMBERS = ["teacher-seed0", "teacher-seed1"]
TEACHER, HINTON, LABELS = "teacher", "dsnet-hinton-seed0", "dsnet-labels-seed0"


def carried_out(
    monkeypatch: pytest.MonkeyPatch, finish: Callable[[str], None], done: tuple[str, ...] = ()
) -> tuple[list[str], Board]:
    """What was begun, where ``finish`` trains a model, and the board in the end."""
    begun: list[str] = []

    def train(cell: Cell, plan: Plan, context: RunContext, board: Board) -> None:
        begun.append(cell.name)
        finish(cell.name)

    monkeypatch.setattr(executor, "finish", train)
    monkeypatch.setattr(executor, "result_of", lambda folder: (0.8, 1.0))
    cells = cells_of(RECIPE)
    board = Board(cells, Forecast(cells, RECIPE))
    for cell in cells:
        if cell.name in done:
            board.finish(cell, 0.7, 1)
    context = SimpleNamespace(recipe=RECIPE, run=RunFolder(Path("run")))
    executor.one_by_one(Plan(cells, {}), cast(RunContext, context), board)
    return begun, board


def test_what_is_done_is_not_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, board = carried_out(monkeypatch, lambda name: None, done=(*MEMBERS, LABELS))
    assert begun == [TEACHER, HINTON]
    assert board.done == {**dict.fromkeys((*MEMBERS, LABELS), 0.7), TEACHER: 0.8, HINTON: 0.8}
    assert not board.running


def test_a_failure_takes_with_it_what_needs_the_model_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def finish(name: str) -> None:
        if name == MEMBERS[0]:
            raise UserError(f"{MEMBERS[0]}: the loss is nan")

    begun, board = carried_out(monkeypatch, finish)
    assert begun == [*MEMBERS, LABELS]
    assert board.failed == {
        MEMBERS[0]: "the loss is nan",
        TEACHER: f"{MEMBERS[0]} could not be trained",
        HINTON: "teacher could not be trained",
    }


def test_an_error_of_a_library_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def finish(name: str) -> None:
        if name == LABELS:
            raise RuntimeError("CUDA out of memory\nand a long story")

    _, board = carried_out(monkeypatch, finish)
    assert board.failed == {LABELS: "RuntimeError: CUDA out of memory"}


def test_a_full_disk_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def finish(name: str) -> None:
        full = OSError(errno.ENOSPC, "No space left on device")
        raise cannot_write(Path("weights"), full) from full

    with pytest.raises(UserError, match="No space left"):
        carried_out(monkeypatch, finish)
