"""What a process does with models that others train, leave or have finished, and with a full disk."""

import errno
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from dermdistill.config import Recipe
from dermdistill.errors import UserError
from dermdistill.files import cannot_write, lock_if_free
from dermdistill.pipeline import compare
from dermdistill.pipeline.board import Board
from dermdistill.pipeline.cells import Bench, Cell, student_cells, teacher_cells
from dermdistill.pipeline.workload import Forecast, Workload
from dermdistill.runs import RunFolder

RECIPE = Recipe.model_validate(
    {
        "name": "r",
        "data": {"size": 32},
        "teacher": {"model": "resnet10t"},
        "student": {"objectives": ["hinton", "labels"]},
    }
)
TEACHER, HINTON, LABELS = "teacher", "dsnet-hinton-seed0", "dsnet-labels-seed0"
CELLS = [*teacher_cells(RECIPE), *student_cells(RECIPE)]


class Others:
    """Other processes, by the locks that they hold."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._held: dict[str, ExitStack] = {}

    def hold(self, name: str) -> None:
        lock = self._run.model(name).lock
        lock.parent.mkdir(parents=True)
        self._held[name] = ExitStack()
        assert lock_if_free(self._held[name].enter_context(lock.open("w")))

    def leave(self, name: str) -> None:
        self._held.pop(name).close()


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


@pytest.fixture
def others(run: RunFolder) -> Others:
    return Others(run)


def train_all(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, finish: Callable[[str], None]
) -> tuple[list[str], Board]:
    """What was begun here, where ``finish`` trains a model, and what is known of all in the end."""
    begun: list[str] = []
    finished: set[str] = set()

    def train(cell: Cell, bench: Bench, reporter: Board) -> None:
        begun.append(cell.name)
        finish(cell.name)
        finished.add(cell.name)

    def learn(cell: Cell, bench: Bench, board: Board) -> None:
        if cell.name in finished:
            board.finished(cell, 0.8, 1)

    monkeypatch.setattr(compare, "finish", train)
    monkeypatch.setattr(compare, "_learn_of", learn)
    board = Board(CELLS, frozenset(cell.name for cell in CELLS), Forecast(Workload(CELLS, RECIPE)))
    compare._train_all(CELLS, cast(Bench, SimpleNamespace(recipe=RECIPE, run=run)), board)
    return begun, board


def test_what_needs_no_teacher_is_trained_while_another_process_trains_the_teacher(
    run: RunFolder, others: Others, monkeypatch: pytest.MonkeyPatch
) -> None:
    others.hold(TEACHER)

    def finish(name: str) -> None:
        if name == LABELS:
            others.leave(TEACHER)

    begun, board = train_all(run, monkeypatch, finish)
    assert begun == [LABELS, TEACHER, HINTON]
    assert set(board.done) == {TEACHER, HINTON, LABELS}


def test_a_model_that_another_process_left_is_trained_here(
    run: RunFolder, others: Others, monkeypatch: pytest.MonkeyPatch
) -> None:
    others.hold(HINTON)

    def finish(name: str) -> None:
        if name == LABELS:
            others.leave(HINTON)

    begun, board = train_all(run, monkeypatch, finish)
    assert begun == [TEACHER, LABELS, HINTON]
    assert not board.elsewhere


def test_a_model_that_another_process_finished_is_not_begun_nor_announced(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(compare, "finish", lambda cell, bench, board: begun.append(cell.name))
    seen: list[str] = []

    def learn(cell: Cell, bench: Bench, board: Board) -> None:
        """It is finished between the look at the whole folder and the claim."""
        if cell.name == LABELS and LABELS in seen:
            board.finished(cell, 0.8, 1)
        seen.append(cell.name)

    monkeypatch.setattr(compare, "_learn_of", learn)
    board = Board(CELLS, frozenset({LABELS}), Forecast(Workload(CELLS, RECIPE)))
    labels = [cell for cell in CELLS if cell.name == LABELS]
    compare._train_all(labels, cast(Bench, SimpleNamespace(recipe=RECIPE, run=run)), board)
    assert begun == []
    assert set(board.done) == {LABELS}
    assert capsys.readouterr().err == ""


def test_a_full_disk_ends_the_comparison(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def finish(name: str) -> None:
        full = OSError(errno.ENOSPC, "No space left on device")
        raise cannot_write(Path("weights"), full) from full

    with pytest.raises(UserError, match="No space left"):
        train_all(run, monkeypatch, finish)


def test_any_other_trouble_is_of_one_model(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def finish(name: str) -> None:
        if name == TEACHER:
            raise UserError("teacher: the loss is nan")

    begun, board = train_all(run, monkeypatch, finish)
    assert begun == [TEACHER, LABELS]
    assert board.failed == {TEACHER: "the loss is nan", HINTON: "teacher could not be trained"}
