from collections.abc import Callable

import pytest

from dermdistill.evaluation.estimates import Comparison, Estimate
from dermdistill.report.comparison.arrangement import Arrangement
from dermdistill.report.comparison.gains import distillation_verdict, published_verdict
from dermdistill.report.comparison.verdict import Verdict
from dermdistill.report.reading import RunResults
from tests.report.comparison.conftest import baseline, student

RunResultsOf = Callable[..., tuple[RunResults, Arrangement]]


def compared(a: str, b: str, low: float, high: float, seeds: int = 3) -> Comparison:
    middle = (low + high) / 2
    return Comparison(
        a=a,
        b=b,
        delta_auc=Estimate(value=middle, low=low, high=high),
        pair_deltas=(middle,) * seeds,
        p_values=(0.01,) * seeds,
        seeds=(seeds, seeds),
    )


@pytest.fixture
def gains(run_results: RunResultsOf) -> Callable[..., Verdict]:
    """The verdict on distillation where DSNet and EfficientNet-B0 gain so much (low, high, seeds)."""
    networks = [student(name, 1.0) for name in ("labels", "hinton", "as-published")]
    _, arrangement = run_results(*networks, baseline("labels", 1.0), baseline("hinton", 1.0))

    def verdict(*gained: tuple[float, float, int], objective: str = "hinton") -> Verdict:
        comparisons = [
            compared(f"{name}-{objective}", f"{name}-labels", low, high, seeds)
            for name, (low, high, seeds) in zip(("dsnet", "efficientnet_b0"), gained, strict=False)
        ]
        judge = distillation_verdict if objective == "hinton" else published_verdict
        return judge(arrangement, comparisons)

    return verdict


@pytest.mark.parametrize(
    ("gained", "answer"),
    [
        ((0.01, 0.03, 3), "DSNet gains: +0.020 [+0.010, +0.030] in AUC."),
        (
            (-0.03, -0.01, 3),
            "DSNet loses: \N{MINUS SIGN}0.020 [\N{MINUS SIGN}0.030, \N{MINUS SIGN}0.010] in AUC.",
        ),
        (
            (-0.01, 0.03, 3),
            "For DSNet no difference can be claimed: +0.010 [\N{MINUS SIGN}0.010, +0.030] in AUC; the "
            "interval includes 0.",
        ),
        (
            (0.01, 0.03, 2),
            "For DSNet no difference can be claimed: +0.020 [+0.010, +0.030] in AUC; fewer than 3 seeds of a "
            "student.",
        ),
    ],
)
@pytest.mark.parametrize("objective", ["hinton", "as-published"])
def test_the_student_answers(
    gains: Callable[..., Verdict], gained: tuple[float, float, int], answer: str, objective: str
) -> None:
    assert gains(gained, objective=objective).answer == answer


@pytest.mark.parametrize(
    ("gained", "tally"),
    [
        ((0.01, 0.03, 3), "1 other network: 1 gains (EfficientNet-B0)."),
        ((-0.03, -0.01, 3), "1 other network: 1 loses (EfficientNet-B0)."),
        ((-0.01, 0.03, 1), "1 other network: nothing can be claimed of any."),
        ((0.01, 0.03, 1), "1 other network: nothing can be claimed of any, of 1 only for want of seeds."),
    ],
)
def test_the_other_networks_are_counted(
    gains: Callable[..., Verdict], gained: tuple[float, float, int], tally: str
) -> None:
    verdict = gains((0.01, 0.03, 3), gained)
    assert verdict.answer.endswith(tally)
    assert verdict.points[0] == "DSNet: +0.020 [+0.010, +0.030], 3 seeds each; gains."
    assert verdict.points[1].startswith("EfficientNet-B0: ")


def test_a_missing_interval_has_its_reason(run_results: RunResultsOf) -> None:
    _, arrangement = run_results(student("labels", 1.0), student("hinton", 1.0))
    without = compared("dsnet-hinton", "dsnet-labels", 0.01, 0.03).model_copy(
        update={"delta_auc": Estimate(value=0.02, reason="no interval: few lesions")}
    )
    assert distillation_verdict(arrangement, [without]).answer == (
        "For DSNet no difference can be claimed: +0.020 in AUC; no interval: few lesions."
    )


def test_without_comparisons_nothing_is_said(gains: Callable[..., Verdict]) -> None:
    assert gains().answer == (
        "Cannot be answered: no network has finished models “distilled” and “labels only”."
    )
    assert "“as published”" in gains(objective="as-published").answer
