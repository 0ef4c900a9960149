"""A teacher of several members in a comparison, where processes and machines share the work."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from dermdistill.config import Recipe
from dermdistill.files import lock_if_free
from dermdistill.pipeline import compare
from dermdistill.pipeline.board import Board
from dermdistill.pipeline.cells import Bench, Cell, student_cells, teacher_cells
from dermdistill.pipeline.workload import Forecast, Workload
from dermdistill.runs import RunFolder


def recipe_of(members: int) -> Recipe:
    teacher = {"model": "resnet10t", "members": members, "epochs": 2}
    return Recipe.model_validate({"name": "r", "data": {"size": 32}, "teacher": teacher})


def test_a_composed_teacher_is_no_work_but_costs_its_students_all_members() -> None:
    alone, together = (
        (cells, Workload(cells, recipe))
        for recipe in (recipe_of(1), recipe_of(3))
        for cells in [[*teacher_cells(recipe), *student_cells(recipe)]]
    )
    of_alone, of_together = ({c.name: work.of(c) for c in cells} for cells, work in (alone, together))
    assert of_together["teacher"] == 0
    assert of_together["teacher-seed1"] == of_alone["teacher"]
    by_labels = of_alone["dsnet-labels-seed0"]
    assert of_together["dsnet-labels-seed0"] == by_labels
    extra = of_alone["dsnet-hinton-seed0"] - by_labels
    assert of_together["dsnet-hinton-seed0"] - by_labels == pytest.approx(3 * extra)


def test_a_composed_teacher_teaches_the_forecast_nothing() -> None:
    cells = teacher_cells(recipe_of(3))
    forecast = Forecast(Workload(cells, recipe_of(3)))
    forecast.learn(cells[0], 8.0)
    forecast.learn(cells[-1], 24.0)
    assert forecast.remaining(cells) == pytest.approx(3 * 8.0)


def test_the_teacher_waits_for_a_member_that_another_process_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = recipe_of(2)
    cells = teacher_cells(recipe)
    bench = cast(Bench, SimpleNamespace(recipe=recipe, run=RunFolder(tmp_path)))
    board = Board(cells, frozenset(cell.name for cell in cells), Forecast(Workload(cells, recipe)))
    made: list[str] = []

    def finish(cell: Cell, bench: Bench, reporter: Board) -> None:
        made.append(cell.name)

    monkeypatch.setattr(compare, "finish", finish)
    folder = bench.run.model("teacher-seed0")
    folder.path.mkdir(parents=True)
    with folder.lock.open("w") as handle:
        assert lock_if_free(handle, wait=False)
        compare._train_all(cells, bench, board)
    assert made == ["teacher-seed1"]
    assert board.elsewhere == {"teacher-seed0", "teacher"}
    assert board.failed == {}
