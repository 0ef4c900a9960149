from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.optimize import minimize

from dermdistill.evaluation.estimates import Estimate
from dermdistill.report.comparison.cost_plot import CostPoint, apart, draw_cost
from dermdistill.report.comparison.sweep_plot import SweepCurve, draw_sweep

SERIES = ("teacher", "labels only", "distilled")


def point(network: str, series: str, cost: float, auc: Estimate) -> CostPoint:
    return CostPoint(network, series, cost, auc)


POINTS = [
    point("ResNet-50", "teacher", 23.5, Estimate(value=0.9, low=0.88, high=0.92)),
    point("DSNet", "labels only", 0.27, Estimate(value=0.8, low=0.78, high=0.82)),
    point("DSNet", "distilled", 0.27, Estimate(value=0.82, reason="no interval")),
    point("$x <b>", "distilled", 21.7, Estimate(value=0.85, low=0.8, high=0.9)),
]
CURVE = SweepCurve(
    "temperature", {3.0: (0.8, 0.82), 10.0: (0.85, 0.84)}, 10.0, {3: 0.829, 100: 0.772}, logarithmic=True
)


def test_drawings_are_whole_and_repeat() -> None:
    for synthetic in (False, True):
        drawings = [
            (draw_cost(POINTS, SERIES, "cost", synthetic=synthetic) for _ in range(2)),
            (draw_sweep(CURVE, synthetic=synthetic) for _ in range(2)),
        ]
        for first, again in drawings:
            assert ElementTree.fromstring(first).tag == "{http://www.w3.org/2000/svg}svg"
            assert first == again
            assert len(first) < 200_000
    assert draw_cost(POINTS, SERIES, "cost", synthetic=True) != draw_cost(
        POINTS, SERIES, "cost", synthetic=False
    )


@pytest.mark.parametrize("costs", [[1.0], [5.0, 5.0], [0.001, 1e6], [5.5, 7.1]])
def test_any_costs_can_be_drawn(costs: list[float]) -> None:
    points = [point(str(i), "distilled", cost, Estimate(value=0.5)) for i, cost in enumerate(costs)]
    assert draw_cost(points, SERIES, "cost", synthetic=False).endswith(b"</svg>\n")


def test_one_seed_and_no_figures_of_the_paper_can_be_drawn() -> None:
    curve = SweepCurve("batch size", {8.0: (0.8,), 64.0: (0.8,)}, 64.0, {}, logarithmic=False)
    assert draw_sweep(curve, synthetic=False).endswith(b"</svg>\n")


def test_names_move_as_little_as_possible() -> None:
    places = np.array([0.1, 0.5, 0.505, 0.52, 0.9])
    moved = apart(places, 0.05)
    best = minimize(
        lambda x: ((x - places) ** 2).sum(),
        places,
        constraints=[{"type": "ineq", "fun": lambda x, i=i: x[i + 1] - x[i] - 0.05} for i in range(4)],
    )
    assert np.all(np.diff(moved) >= 0.05 - 1e-12)
    np.testing.assert_allclose(moved, best.x, atol=1e-5)
    np.testing.assert_allclose(apart(np.array([0.1, 0.5]), 0.05), [0.1, 0.5])
