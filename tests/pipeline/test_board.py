import io

import pytest
from rich.console import Console

from dermdistill.config import Recipe
from dermdistill.judgement.names import network_name
from dermdistill.pipeline.board import Board
from dermdistill.pipeline.cells import compared_cells, student_cells, teacher_cell
from dermdistill.pipeline.workload import Forecast, Workload

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


def board_of() -> Board:
    cells = [teacher_cell(RECIPE), *student_cells(RECIPE), *compared_cells(RECIPE)]
    board = Board(cells, frozenset(cell.name for cell in cells), Forecast(Workload(cells, RECIPE)))
    board._console = Console(file=io.StringIO(), width=200)
    return board


def shown(board: Board) -> dict[str, list[str]]:
    """The rows of the table, by their first word."""
    console = Console(file=io.StringIO(), width=200)
    console.print(board.table())
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return {line.split("  ")[0]: line.split() for line in text.splitlines() if line.strip()}


def test_the_table_says_what_is_done_what_runs_and_what_failed() -> None:
    board = board_of()
    cells = {cell.name: cell for cell in board.cells}
    assert board.summary() == "0 of 9 models trained, no estimate yet"
    board.finished(cells["dsnet-labels-seed0"], 0.8, 30)
    board.finished(cells["dsnet-labels-seed1"], 0.9, 30)
    board.fail(cells["mobilenetv1_100-hinton-seed0"], "out of memory")
    board.elsewhere.add("mobilenetv1_100-labels-seed0")
    board.begin(cells["dsnet-hinton-seed0"])
    assert list(board.batches("ab", name="dsnet-hinton-seed0", epoch=2, epochs=3, count=2)) == ["a", "b"]
    rows = shown(board)
    assert list(rows)[1:] == ["trained on", "teacher, resnet10t", "DSNet", MOBILENET, "DSNet, T3"]
    assert " ".join(rows["DSNet"]) == "DSNet 2/2 0.850 0/2, epoch 2/3, 50%"
    assert " ".join(rows[MOBILENET]) == f"{MOBILENET} 0/1, 1 elsewhere 0/1, 1 failed"
    assert board.summary().startswith("2 of 9 models trained, 1 failed, about")


def test_without_a_terminal_every_finished_model_is_a_line() -> None:
    board = board_of()
    cell = board.cells[1]
    with board.shown():
        board.begin(cell)
        board.finished(cell, 0.8123, 61)
    assert board._console.file.getvalue().startswith(  # type: ignore[attr-defined]
        "dsnet-labels-seed0: validation AUC 0.812, 1 min 01 s; 1 of 9 models trained, about "
    )


def test_time_under_way_is_taken_off_the_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    board = board_of()
    cells = {cell.name: cell for cell in board.cells}
    board.mine = frozenset({"dsnet-labels-seed0", "dsnet-labels-seed1"})
    board.finished(cells["dsnet-labels-seed0"], 0.8, 30)
    now = 100.0
    monkeypatch.setattr("dermdistill.pipeline.board.time.monotonic", lambda: now)
    board.begin(cells["dsnet-labels-seed1"])
    now = 110.0
    assert board.summary() == "1 of 9 models trained, 7 of other parts, about 20 s left"


def test_a_model_that_takes_longer_than_expected_takes_no_time_from_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    board = board_of()
    cells = {cell.name: cell for cell in board.cells}
    board.mine = frozenset({"dsnet-hinton-seed0", "dsnet-hinton-seed1", "dsnet-hinton-T3-seed0"})
    board.finished(cells["dsnet-hinton-seed0"], 0.8, 30)
    now = 100.0
    monkeypatch.setattr("dermdistill.pipeline.board.time.monotonic", lambda: now)
    board.begin(cells["dsnet-hinton-seed1"])
    now = 200.0
    assert board.summary().endswith("about 30 s left")


def test_a_model_that_another_process_left_is_no_longer_elsewhere() -> None:
    board = board_of()
    board.elsewhere.add("dsnet-labels-seed0")
    board.begin(next(cell for cell in board.cells if cell.name == "dsnet-labels-seed0"))
    assert not board.elsewhere


def test_no_variable_makes_a_log_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    cells = [teacher_cell(RECIPE)]
    board = Board(cells, frozenset({cells[0].name}), Forecast(Workload(cells, RECIPE)))
    with board.shown():
        board.note("a", "note")
    assert capfd.readouterr().err == "a: note\n"
