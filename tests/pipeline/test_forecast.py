import pytest

from dermdistill.config import Recipe
from dermdistill.models import cost
from dermdistill.models.registry import build
from dermdistill.pipeline.forecast import Forecast, judging_seconds
from dermdistill.pipeline.plan import Cell, compared_cells, student_cells, teacher_cell, teacher_cells
from dermdistill.pipeline.run_benchmark import measuring_seconds

RECIPE = Recipe.model_validate(
    {
        "name": "r",
        "data": {"size": 32},
        "teacher": {"model": "resnet10t", "weights": "none"},
        "student": {"objectives": ["labels", "hinton"], "seeds": [0, 1, 2], "epochs": 3},
        "compare": {
            "networks": [
                {"model": "mobilenetv1_100", "epochs": 2, "seeds": [0]},
                {"model": "vit_tiny_patch16_224", "seeds": [0]},
            ],
            "temperatures": [3, 10],
        },
    }
)
CELLS = [*student_cells(RECIPE), *compared_cells(RECIPE)]


def cell(name: str) -> Cell:
    return next(cell for cell in CELLS if cell.name == name)


def macs(architecture: str) -> int:
    return cost.macs(build(architecture, 2, 32), 32)


def test_work_is_three_passes_of_the_network_and_one_of_the_teacher_it_learns_from() -> None:
    forecast = Forecast(CELLS, RECIPE)
    assert forecast.work(cell("dsnet-labels-seed0")) == 3 * 3 * macs("dsnet")
    assert forecast.work(cell("dsnet-hinton-seed0")) == 3 * (3 * macs("dsnet") + macs("resnet10t"))
    assert forecast.work(cell("mobilenetv1_100-labels-seed0")) == 2 * 3 * macs("mobilenetv1_100")
    larger = RECIPE.model_copy(update={"teacher": RECIPE.teacher.model_copy(update={"size": 64})})
    of_teacher = cost.macs(build("resnet10t", 2, 64), 64)
    assert Forecast(CELLS, larger).work(cell("dsnet-hinton-seed0")) == 3 * (3 * macs("dsnet") + of_teacher)
    # It takes 224 px only; its training will say so.
    assert forecast.work(cell("vit_tiny_patch16_224-labels-seed0")) == 0


def test_forecast_goes_by_the_same_network_first_then_by_multiply_accumulates() -> None:
    forecast = Forecast([teacher_cell(RECIPE), *CELLS], RECIPE)
    assert forecast.training(CELLS) is None
    forecast.learn(cell("dsnet-labels-seed0"), 30)
    assert forecast.training([cell("dsnet-labels-seed1"), cell("dsnet-labels-seed2")]) == pytest.approx(60)
    other = cell("mobilenetv1_100-labels-seed0")
    rate = 30 / forecast.work(cell("dsnet-labels-seed0"))
    assert forecast.training([other]) == pytest.approx(rate * forecast.work(other))
    assert forecast.training([]) == 0


def test_a_network_of_unknown_cost_says_nothing_of_the_others() -> None:
    forecast = Forecast(CELLS, RECIPE)
    forecast.learn(cell("vit_tiny_patch16_224-labels-seed0"), 30)
    assert forecast.training([cell("dsnet-labels-seed0")]) is None


def of_members(members: int) -> Recipe:
    teacher = {"model": "resnet10t", "members": members, "epochs": 2}
    return Recipe.model_validate({"name": "r", "data": {"size": 32}, "teacher": teacher})


def test_a_composed_teacher_is_no_work_but_costs_its_students_all_members() -> None:
    alone, together = (
        (cells, Forecast(cells, recipe))
        for recipe in (of_members(1), of_members(3))
        for cells in [[*teacher_cells(recipe), *student_cells(recipe)]]
    )
    of_alone, of_together = (
        {c.name: forecast.work(c) for c in cells} for cells, forecast in (alone, together)
    )
    assert of_together["teacher"] == 0
    assert of_together["teacher-seed1"] == of_alone["teacher"]
    by_labels = of_alone["dsnet-labels-seed0"]
    assert of_together["dsnet-labels-seed0"] == by_labels
    extra = of_alone["dsnet-hinton-seed0"] - by_labels
    assert of_together["dsnet-hinton-seed0"] - by_labels == pytest.approx(3 * extra)


def test_a_composed_teacher_teaches_the_forecast_nothing() -> None:
    cells = teacher_cells(of_members(3))
    forecast = Forecast(cells, of_members(3))
    forecast.learn(cells[0], 8.0)
    forecast.learn(cells[-1], 24.0)
    assert forecast.training(cells) == pytest.approx(3 * 8.0)


def test_judging_and_measuring_grow_with_what_is_judged_and_measured() -> None:
    assert judging_seconds(6, 100, 2000) == pytest.approx(3 * judging_seconds(2, 100, 2000))
    assert RECIPE.compare is not None
    more = RECIPE.compare.model_copy(update={"benchmark_rounds": 20, "benchmark_images": 9000})
    assert measuring_seconds(RECIPE.model_copy(update={"compare": more})) > measuring_seconds(RECIPE) > 0
    assert measuring_seconds(RECIPE.model_copy(update={"compare": None})) == 0
