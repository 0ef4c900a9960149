import io
import sys

import pytest
from rich.console import Console

from dermdistill.config import Recipe
from dermdistill.judgement.names import network_name
from dermdistill.pipeline.board import Board
from dermdistill.pipeline.forecast import Forecast
from dermdistill.pipeline.plan import Cell, cells_of

MOBILENET = network_name("mobilenetv1_100")
RECIPE = Recipe.model_validate(
    {
        "name": "r",
        "data": {"size": 32},
        "teacher": {"model": "resnet10t", "weights": "none"},
        "student": {"objectives": ["labels", "hinton"], "seeds": [0, 1], "epochs": 3},
        "compare": {"networks": [{"model": "mobilenetv1_100", "seeds": [0]}], "temperatures": [3]},
    }
)


def board_of(*names: str) -> Board:
    """Of these models, or of all."""
    cells = [cell for cell in cells_of(RECIPE) if not names or cell.name in names]
    return Board(cells, Forecast(cells, RECIPE))


def cell(board: Board, name: str) -> Cell:
    return next(cell for cell in board.cells if cell.name == name)


def shown(board: Board) -> dict[str, list[str]]:
    """The rows of the table, by their first word."""
    console = Console(file=io.StringIO(), width=200)
    console.print(board.table())
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return {line.split("  ")[0]: line.split() for line in text.splitlines() if line.strip()}


def test_the_table_says_what_is_done_what_runs_and_what_failed() -> None:
    board = board_of()
    assert board.summary() == "0 of 9 models trained, no estimate yet"
    board.finish(cell(board, "dsnet-labels-seed0"), 0.8, 30)
    board.finish(cell(board, "dsnet-labels-seed1"), 0.9, 30)
    board.fail(cell(board, "mobilenetv1_100-hinton-seed0"), "out of memory")
    board.begin(cell(board, "dsnet-hinton-seed0"))
    board.batch_done("dsnet-hinton-seed0", 2, 3, 0.5)
    rows = shown(board)
    assert list(rows)[1:] == ["trained on", "teacher, resnet10t", "DSNet", MOBILENET, "DSNet, T3"]
    assert " ".join(rows["DSNet"]) == "DSNet 2/2 0.850 0/2, epoch 2/3, 50%"
    assert " ".join(rows[MOBILENET]) == f"{MOBILENET} 0/1 0/1, 1 failed"
    assert board.summary().startswith("2 of 9 models trained, 1 failed, about")


def test_without_a_terminal_every_epoch_and_every_model_is_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    board = board_of("dsnet-labels-seed0", "dsnet-labels-seed1")
    (first, second) = board.cells
    board.finish(first, 0.8, 61)  # before this command
    with board.shown():
        board.begin(second)
        board.epoch_done(second.name, {"epoch": 1, "train_loss": 0.5, "val_auc": 0.75, "seconds": 30}, 3)
        board.finish(second, 0.8123, 61)
    board.stage("judging", 9)
    assert capfd.readouterr().err.splitlines() == [
        "dsnet-labels-seed1: epoch   1  train_loss 0.5000  val_auc 0.7500  30 s",
        "dsnet-labels-seed1: validation AUC 0.812, 1 min 01 s; 2 of 2 models trained, about 0.0 s left",
        "judging: about 9.0 s left",
    ]


def test_the_time_left_is_that_of_judging_and_measuring_too() -> None:
    board = board_of("dsnet-labels-seed0", "dsnet-labels-seed1")
    board.forecast.judging, board.forecast.measuring = 5, 15
    board.finish(board.cells[0], 0.8, 30)
    assert board.summary() == "1 of 2 models trained, about 50 s left"
    board.finish(board.cells[1], 0.8, 30)
    assert board.summary() == "2 of 2 models trained, about 20 s left"


@pytest.mark.parametrize(
    ("running", "seconds", "left"),
    [
        (["dsnet-hinton-seed1"], 10, 50),
        (["dsnet-hinton-seed1"], 100, 30),  # longer than expected: it takes nothing from the others
        (["dsnet-hinton-seed1", "dsnet-hinton-T3-seed0"], 10, 20),  # side by side
    ],
)
def test_time_under_way_is_taken_off_the_estimate(
    monkeypatch: pytest.MonkeyPatch, running: list[str], seconds: float, left: int
) -> None:
    board = board_of("dsnet-hinton-seed0", "dsnet-hinton-seed1", "dsnet-hinton-T3-seed0")
    board.finish(cell(board, "dsnet-hinton-seed0"), 0.8, 30)
    now = 100.0
    monkeypatch.setattr("dermdistill.pipeline.board.time.monotonic", lambda: now)
    for name in running:
        board.begin(cell(board, name))
    now += seconds
    assert board.summary() == f"1 of 3 models trained, about {left} s left"


def test_no_variable_makes_a_log_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    board = board_of("teacher")
    with board.shown():
        board.note("a", "note")
    assert capfd.readouterr().err == "a: note\n"


def test_on_a_terminal_only_notes_stand_above_the_table(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    board = board_of("teacher")
    with board.shown():
        board.begin(board.cells[0])
        board.note("teacher", "something")
        board.finish(board.cells[0], 0.8, 5)
    shown = capfd.readouterr().err
    assert "teacher: something" in shown
    assert "1 of 1 models trained" in shown
    assert "validation AUC" not in shown
