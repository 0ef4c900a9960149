import pytest

from dermdistill.config import Recipe
from dermdistill.errors import UserError
from dermdistill.models import cost
from dermdistill.models.checkpoint import build
from dermdistill.pipeline.cells import Cell, compared_cells, student_cells, teacher_cell
from dermdistill.pipeline.workload import Forecast, Part, Workload

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
    workload = Workload(CELLS, RECIPE)
    assert workload.of(cell("dsnet-labels-seed0")) == 3 * 3 * macs("dsnet")
    assert workload.of(cell("dsnet-hinton-seed0")) == 3 * (3 * macs("dsnet") + macs("resnet10t"))
    assert workload.of(cell("mobilenetv1_100-labels-seed0")) == 2 * 3 * macs("mobilenetv1_100")
    # It takes 224 px only; its training will say so.
    assert workload.of(cell("vit_tiny_patch16_224-labels-seed0")) == 0


@pytest.mark.parametrize("count", [1, 2, 3, 40])
def test_parts_share_out_every_model_exactly_once(count: int) -> None:
    workload = Workload(CELLS, RECIPE)
    parts = [workload.share(CELLS, Part(number, count)) for number in range(1, count + 1)]
    assert sorted(cell.name for part in parts for cell in part) == sorted(cell.name for cell in CELLS)
    # No part has more than the least loaded one and its own largest model.
    loads = [sum(map(workload.of, part)) for part in parts]
    for part, load in zip(parts, loads, strict=True):
        assert load <= min(loads) + max(map(workload.of, part), default=0)


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "1/0", "a/b", "1/2/3", "-1/2", "1.5/2"])
def test_a_part_is_k_of_n(text: str) -> None:
    with pytest.raises(UserError, match=r"expected K/N, such as 1/3"):
        Part.parse(text)
    assert Part.parse("2/3") == Part(2, 3)


def test_forecast_goes_by_the_same_network_first_then_by_multiply_accumulates() -> None:
    workload = Workload([teacher_cell(RECIPE), *CELLS], RECIPE)
    forecast = Forecast(workload)
    assert forecast.remaining(CELLS) is None
    forecast.learn(cell("dsnet-labels-seed0"), 30)
    assert forecast.remaining([cell("dsnet-labels-seed1"), cell("dsnet-labels-seed2")]) == pytest.approx(60)
    other = cell("mobilenetv1_100-labels-seed0")
    rate = 30 / workload.of(cell("dsnet-labels-seed0"))
    assert forecast.remaining([other]) == pytest.approx(rate * workload.of(other))
    assert forecast.remaining([]) == 0


def test_a_network_of_unknown_cost_says_nothing_of_the_others() -> None:
    forecast = Forecast(Workload(CELLS, RECIPE))
    forecast.learn(cell("vit_tiny_patch16_224-labels-seed0"), 30)
    assert forecast.remaining([cell("dsnet-labels-seed0")]) is None
