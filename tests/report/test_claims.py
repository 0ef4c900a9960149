from collections.abc import Callable, Mapping
from typing import Any

import pytest

from dermdistill.evaluation.estimates import Comparison, Estimate
from dermdistill.report.claims import against_control, claim
from dermdistill.report.groups import Group, group_models
from dermdistill.report.reading import read_run
from dermdistill.report.summary import summarise
from dermdistill.runs import RunFolder


@pytest.fixture(scope="module")
def groups(reported_run: RunFolder) -> Mapping[str, Group]:
    return {group.name: group for group in group_models(read_run(reported_run))}


@pytest.fixture
def compared() -> Callable[..., Comparison]:
    """Distilled minus control: 3 seeds each, plainly better; keywords change that."""

    def make(**changes: Any) -> Comparison:
        comparison = Comparison(
            a="dsnet-hinton",
            b="dsnet-labels",
            delta_auc=Estimate(value=0.02, low=0.01, high=0.03),
            pair_deltas=(0.01, 0.02, 0.03),
            p_values=(0.04, 0.01, 0.001),
            seeds=(3, 3),
        )
        return comparison.model_copy(update=changes)

    return make


def test_a_difference_is_claimed_of_three_seeds(
    compared: Callable[..., Comparison], groups: Mapping[str, Group]
) -> None:
    assert claim(compared(), groups) == "a is higher"
    lower = compared(
        delta_auc=Estimate(value=-0.02, low=-0.03, high=-0.01), pair_deltas=(-0.01, -0.02, -0.03)
    )
    assert claim(lower, groups) == "b is higher"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"delta_auc": Estimate(value=0.02, low=-0.001, high=0.03)}, "includes zero"),
        ({"delta_auc": Estimate(value=0.02, low=0.0, high=0.03)}, "includes zero"),
        ({"delta_auc": Estimate(value=-0.02, low=-0.03, high=0.0)}, "includes zero"),
        ({"delta_auc": Estimate(value=None, reason="no melanoma")}, "undefined"),
        ({"delta_auc": Estimate(value=0.02, reason="too few lesions")}, "undefined"),
        ({"seeds": (2, 3)}, "few seeds"),
        ({"seeds": (3, 1)}, "few seeds"),
        ({"pair_deltas": (0.05, -0.001, 0.02)}, "seeds disagree"),
    ],
)
def test_nothing_is_claimed_otherwise(
    compared: Callable[..., Comparison], groups: Mapping[str, Group], changes: Any, expected: str
) -> None:
    comparison = compared(**changes)
    assert claim(comparison, groups) == expected
    verdict = summarise(list(groups.values()), [comparison]).verdict
    assert verdict.startswith("No difference can be claimed between DSNet distilled and DSNet labels only: ")


def test_one_teacher_is_enough(compared: Callable[..., Comparison], groups: Mapping[str, Group]) -> None:
    assert claim(compared(b="teacher", seeds=(3, 1)), groups) == "a is higher"
    assert claim(compared(b="teacher", seeds=(1, 1)), groups) == "few seeds"


def test_the_summary_turns_a_comparison_round(
    compared: Callable[..., Comparison], groups: Mapping[str, Group]
) -> None:
    turned = compared(
        a="dsnet-labels",
        b="dsnet-hinton",
        delta_auc=Estimate(value=-0.02, low=-0.03, high=-0.01),
        pair_deltas=(-0.01, -0.02, -0.03),
    )
    assert against_control(turned, groups) == compared()
    verdict = summarise(list(groups.values()), [turned]).verdict
    assert verdict == (
        "Distillation helped: DSNet distilled gains +0.020 [+0.010, +0.030] in AUC over DSNet labels only."
    )


def test_harm_is_said_as_plainly(compared: Callable[..., Comparison], groups: Mapping[str, Group]) -> None:
    harmful = compared(
        delta_auc=Estimate(value=-0.02, low=-0.03, high=-0.01), pair_deltas=(-0.01, -0.02, -0.03)
    )
    verdict = summarise(list(groups.values()), [harmful]).verdict
    assert verdict.startswith("Distillation did harm: DSNet distilled changes by \N{MINUS SIGN}0.020")


@pytest.mark.parametrize(("sign", "written"), [(1, "+"), (-1, "\N{MINUS SIGN}")])
def test_the_published_arithmetic_is_not_called_distillation(
    compared: Callable[..., Comparison], groups: Mapping[str, Group], sign: int, written: str
) -> None:
    low, high = sorted((sign * 0.01, sign * 0.03))
    published = compared(
        a="dsnet-as-published",
        delta_auc=Estimate(value=sign * 0.02, low=low, high=high),
        pair_deltas=tuple(sign * delta for delta in (0.01, 0.02, 0.03)),
    )
    verdict = summarise(list(groups.values()), [compared(), published]).verdict
    about_published = verdict.partition("over DSNet labels only. ")[2]
    assert about_published.startswith(f"The published arithmetic changes the AUC by {written}0.020 [")
    assert about_published.endswith("]: DSNet as published against DSNet labels only.")
    assert "distil" not in about_published.lower()

    alone = summarise(list(groups.values()), [published]).verdict
    assert alone == (
        f"{about_published} No distilled student was compared with a labels-only control: nothing can be "
        "said of distillation."
    )


def test_without_a_control_nothing_is_said_of_distillation(
    compared: Callable[..., Comparison], groups: Mapping[str, Group]
) -> None:
    teacher_only = compared(b="teacher", seeds=(3, 1))
    assert against_control(teacher_only, groups) is None
    verdict = summarise(list(groups.values()), [teacher_only]).verdict
    assert verdict.endswith("nothing can be said of distillation.")


def test_groups_are_the_teacher_the_control_then_the_distilled(groups: Mapping[str, Group]) -> None:
    assert list(groups) == ["teacher", "dsnet-labels", "dsnet-hinton", "dsnet-as-published"]
    assert [len(group.models) for group in groups.values()] == [1, 3, 3, 3]
