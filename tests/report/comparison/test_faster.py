from collections.abc import Callable

import pytest

from dermdistill.benchmark.measurements import Benchmark
from dermdistill.report.comparison.arrangement import Arrangement
from dermdistill.report.comparison.faster import faster_verdict
from dermdistill.report.comparison.verdict import Verdict
from dermdistill.report.reading import RunResults
from tests.report.comparison.conftest import TEACHER, measured_in
from tests.report.conftest import Network

RunResultsOf = Callable[..., tuple[RunResults, Arrangement]]


def faster(
    run_results: RunResultsOf, benchmark: Benchmark | None, networks: tuple[Network, ...] = (TEACHER,)
) -> Verdict:
    _, arrangement = run_results(*networks)
    return faster_verdict(arrangement, benchmark, 64)


def times(small: tuple[float, float], large: tuple[float, float]) -> dict[tuple[str, int], float]:
    return {
        ("dsnet", 64): small[0],
        ("efficientnet_b0", 64): small[1],
        ("efficientnet_b0", 224): large[1],
        ("dsnet", 224): large[0],
    }


@pytest.mark.parametrize(
    ("small", "large", "answer"),
    [
        ((1.0, 2.0), (4.0, 8.0), "Yes, wherever it was measured."),
        ((2.0, 1.0), (8.0, 4.0), "No, it is slower wherever it was measured."),
        ((1.0, 2.0), (8.0, 4.0), "It depends on the input size and the runtime."),
        ((1.0, 1.0), (4.0, 4.0), "Cannot be told."),
        ((1.0, 1.0), (4.0, 8.0), "It depends on the input size and the runtime."),
    ],
)
def test_speed_is_told_from_the_spread_of_the_rounds(
    run_results: RunResultsOf, small: tuple[float, float], large: tuple[float, float], answer: str
) -> None:
    verdict = faster(run_results, measured_in(times(small, large)))
    assert verdict.answer.startswith(answer)


def test_ratios_stand_with_size_and_runtime(run_results: RunResultsOf) -> None:
    verdict = faster(run_results, measured_in(times((1.0, 2.0), (8.0, 4.0)), noise=0))
    assert verdict.answer.endswith(
        "0.500 [0.500, 0.500] (64 px, ONNX Runtime), 0.500 [0.500, 0.500] (64 px, PyTorch), "
        "2.00 [2.00, 2.00] (224 px, ONNX Runtime) and 2.00 [2.00, 2.00] (224 px, PyTorch)."
    )
    assert verdict.points[0] == (
        "64 px, ONNX Runtime: 0.500 [0.500, 0.500]: DSNet is faster; a model against itself 1.000 "
        "[0.995, 1.005]."
    )
    assert "224 px, PyTorch: 2.00 [2.00, 2.00]: DSNet is slower" in verdict.points[3]
    assert (
        "268,898 parameters and 1.10 G multiply-accumulates an image, EfficientNet-B0 4,012,670"
        in (verdict.points[4])
    )
    assert verdict.points[-1].endswith("2.57 and 4.98 s: 0.516 times as long.")


def test_a_run_that_cannot_repeat_itself_tells_no_small_difference(run_results: RunResultsOf) -> None:
    close = times((0.9, 1.0), (3.6, 4.0))
    assert faster(run_results, measured_in(close)).answer.startswith("Yes")
    assert faster(run_results, measured_in(close, control=0.85)).answer.startswith("Cannot be told.")


def test_few_rounds_give_no_spread_and_tell_nothing(run_results: RunResultsOf) -> None:
    verdict = faster(run_results, measured_in(times((1.0, 2.0), (4.0, 8.0)), rounds=3))
    assert verdict.answer.startswith("Cannot be told: too few rounds for a spread.")
    assert "without a spread" in verdict.points[0]


def test_what_was_not_measured_is_named(run_results: RunResultsOf) -> None:
    assert "no benchmark.json" in faster(run_results, None).answer
    only_large = {at: ms for at, ms in times((1.0, 2.0), (4.0, 8.0)).items() if at[1] == 224}
    verdict = faster(run_results, measured_in(only_large, runtimes=("PyTorch",)))
    assert verdict.answer.startswith("Yes, wherever it was measured.")
    assert "64 px, ONNX Runtime: the two were not both measured." in verdict.points
    nothing = faster(run_results, measured_in({("dsnet", 64): 1.0, ("efficientnet_b0", 224): 2.0}))
    assert nothing.answer.startswith("Cannot be answered: DSNet and EfficientNet-B0 were not both measured")
