"""The facts of a comparison: is the student better or faster, and does a setting matter?"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from dermdistill.config import ComparedNetwork, CompareRecipe
from dermdistill.judgement.judgement import Better, Faster, Judgement, NetworkComparison, Sweep
from tests.run_folders import COMPARED, SEEDS, TEACHER, Network, baseline, measured_in, other, poor, student

Judged = Callable[..., Judgement]
GOOD, EQUAL = 4.0, 2.0


def networks_of(judgement: Judgement) -> NetworkComparison:
    assert judgement.networks is not None
    return judgement.networks


def better(judged: Judged, *networks: Network) -> Better:
    return networks_of(judged(*networks, lesions=600)).better


# Better


def test_a_better_student_is_called_so(judged: Judged) -> None:
    found = better(judged, student("hinton", GOOD), poor(baseline("hinton", 0)))
    assert (found.answer, found.decided_by) == ("yes", "hinton")
    (both,) = found.by_objective
    assert [each.claim for each in both.argmax] == ["a is higher"] * 6
    assert [(each.of, each.figure) for each in both.argmax] == [
        (of, figure) for of in ("melanoma", "other") for figure in ("precision", "recall", "F1")
    ]
    assert both.auc.claim == "a is higher"


def test_a_worse_student_is_called_so(judged: Judged) -> None:
    found = better(judged, poor(student("hinton", 0)), baseline("hinton", GOOD))
    assert found.answer == "no"
    assert [each.claim for each in found.by_objective[0].argmax] == ["b is higher"] * 6


def test_one_lower_figure_refutes_the_paper(judged: Judged) -> None:
    # The same ranking of the images, but far more of them called melanoma: more found, and more falsely.
    eager = replace(student("hinton", EQUAL), shift=2.0)
    found = better(judged, eager, baseline("hinton", EQUAL))
    assert found.answer == "no"
    claims = [each.claim for each in found.by_objective[0].argmax]
    assert (claims[0], claims[1], claims[4]) == ("b is higher", "a is higher", "b is higher")


def test_equal_networks_have_no_measurable_difference(judged: Judged) -> None:
    found = better(judged, student("hinton", EQUAL), baseline("hinton", EQUAL + 0.001))
    assert found.answer == "not shown"
    assert {each.claim for each in found.by_objective[0].youden} == {"includes zero"}


def test_with_few_seeds_nothing_is_claimed(judged: Judged) -> None:
    found = better(judged, student("hinton", GOOD), poor(baseline("hinton", 0, (0,))))
    assert found.answer == "not shown"
    assert {each.claim for each in found.by_objective[0].argmax} == {"few seeds"}
    assert found.by_objective[0].auc.claim == "few seeds"


def test_distilled_networks_decide_where_both_have_them(judged: Judged) -> None:
    found = better(
        judged,
        *(student("hinton", GOOD), poor(student("labels", 0)), student("as-published", EQUAL)),
        *(poor(baseline("hinton", 0)), baseline("labels", GOOD)),
    )
    assert (found.answer, found.decided_by) == ("yes", "hinton")
    assert [each.objective for each in found.by_objective] == ["labels", "hinton"]


@pytest.mark.parametrize(
    ("networks", "answer"),
    [
        ((TEACHER, student("hinton", 1.0)), "no baseline"),
        ((TEACHER, baseline("hinton", 1.0)), "no student"),
        ((student("hinton", 1.0), baseline("labels", 1.0)), "no shared objective"),
    ],
)
def test_what_is_missing_is_named(judged: Judged, networks: tuple[Network, ...], answer: str) -> None:
    found = networks_of(judged(*networks)).better
    assert (found.answer, found.decided_by, found.by_objective) == (answer, None, ())


def test_without_a_threshold_there_are_no_figures(judged: Judged) -> None:
    networks = (student("hinton", 1.0), baseline("hinton", 2.0))
    found = networks_of(judged(*networks, diagnoses=("nevus",) * 4)).better
    assert found.answer == "not shown"
    assert found.by_objective[0].youden == ()
    assert found.by_objective[0].argmax[1].delta.reason == "no melanoma among the images by one of the two"


def test_another_student_is_asked_the_same(judged: Judged) -> None:
    recipe = COMPARED.model_copy(
        update={
            "student": COMPARED.student.model_copy(update={"model": "dermlet"}),
            "compare": CompareRecipe(networks=(ComparedNetwork(model="efficientnet_b0"),)),
        }
    )
    dermlet = other("dermlet", "hinton", 4.0, 254_711, 51_000_000, SEEDS)
    found = networks_of(judged(dermlet, poor(baseline("hinton", 0)), recipe=recipe, lesions=600))
    assert (found.student_name, found.better.answer) == ("Dermlet", "yes")


def test_a_teacher_of_a_compared_network_stays_the_teacher(judged: Judged) -> None:
    recipe = COMPARED.model_copy(
        update={"compare": CompareRecipe(networks=(ComparedNetwork(model="resnet50"),))}
    )
    same = other("resnet50", "hinton", 1.0, 23_516_228, 4_087_000_000)
    found = networks_of(judged(TEACHER, student("hinton", 1.0), same, recipe=recipe))
    assert found.teacher == "teacher"
    assert [(network.architecture, network.groups) for network in found.networks] == [
        ("dsnet", {"hinton": "dsnet-hinton"}),
        ("resnet50", {"hinton": "resnet50-hinton"}),
    ]


def test_a_run_that_compares_nothing_has_no_such_facts(judged: Judged) -> None:
    recipe = COMPARED.model_copy(update={"compare": None})
    assert judged(TEACHER, student("labels", 1.0), recipe=recipe).networks is None


# Faster


def times(small: tuple[float, float], large: tuple[float, float]) -> dict[tuple[str, int], float]:
    return {
        ("dsnet", 64): small[0],
        ("efficientnet_b0", 64): small[1],
        ("efficientnet_b0", 224): large[1],
        ("dsnet", 224): large[0],
    }


def faster(judged: Judged, milliseconds: Mapping[tuple[str, int], float], **changes: float) -> Faster:
    return networks_of(judged(TEACHER, benchmark=measured_in(milliseconds, **changes))).faster  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("small", "large", "answer"),
    [
        ((1.0, 2.0), (4.0, 8.0), "yes"),
        ((2.0, 1.0), (8.0, 4.0), "no"),
        ((1.0, 2.0), (8.0, 4.0), "mixed"),
        ((1.0, 1.0), (4.0, 4.0), "cannot be told"),
        ((1.0, 1.0), (4.0, 8.0), "mixed"),
    ],
)
def test_speed_is_judged_by_the_spread_of_the_rounds(
    judged: Judged, small: tuple[float, float], large: tuple[float, float], answer: str
) -> None:
    assert faster(judged, times(small, large)).answer == answer


def test_ratios_are_of_each_size_and_runtime(judged: Judged) -> None:
    found = faster(judged, times((1.0, 2.0), (8.0, 4.0)), noise=0)
    assert [
        (race.input_size, race.runtime, race.ratio and race.ratio.value, race.found) for race in found.races
    ] == [
        (64, "ONNX Runtime", 0.5, "faster"),
        (64, "PyTorch", 0.5, "faster"),
        (224, "ONNX Runtime", 2.0, "slower"),
        (224, "PyTorch", 2.0, "slower"),
    ]


def test_a_run_that_cannot_repeat_itself_shows_no_small_difference(judged: Judged) -> None:
    close = times((0.9, 1.0), (3.6, 4.0))
    assert faster(judged, close).answer == "yes"
    assert faster(judged, close, control=0.85).answer == "cannot be told"


def test_few_rounds_give_no_spread(judged: Judged) -> None:
    found = faster(judged, times((1.0, 2.0), (4.0, 8.0)), rounds=3)
    assert found.answer == "no spread"
    assert {race.found for race in found.races} == {"no spread"}


def test_what_was_not_measured_has_no_ratio(judged: Judged) -> None:
    assert networks_of(judged(TEACHER)).faster == Faster(answer="not measured", races=())
    found = faster(judged, {("dsnet", 64): 1.0, ("efficientnet_b0", 224): 2.0})
    assert found.answer == "not both measured"
    assert {race.ratio for race in found.races} == {None}


# Settings

STRONG = {3.0: 0.5, 10.0: 1.5, 100.0: 3.0}


def temperatures(judged: Judged, skills: Mapping[float, float], seeds: tuple[int, ...] = SEEDS) -> Sweep:
    networks = [
        student("hinton", skill, "" if t == 10 else f"-T{t:g}", temperature=t) for t, skill in skills.items()
    ]
    return networks_of(judged(*(replace(network, seeds=seeds) for network in networks))).temperature


def test_a_temperature_that_matters_is_called_so(judged: Judged) -> None:
    found = temperatures(judged, STRONG)
    assert (found.answer, found.best) == ("matters", 100.0)
    assert found.test is not None
    assert (found.test.settings, found.test.seeds) == (3, 3)
    assert [point.value for point in found.points] == [3, 10, 100]
    assert [point.minus_base and point.minus_base.claim for point in found.points] == [
        "b is higher",
        None,
        "a is higher",
    ]


def test_a_temperature_that_does_nothing_is_not(judged: Judged) -> None:
    found = temperatures(judged, {3.0: 1.5001, 10.0: 1.501, 20.0: 1.502, 100.0: 1.503})
    assert found.answer == "not shown"


def test_the_recipes_own_value_may_be_the_best(judged: Judged) -> None:
    assert temperatures(judged, {3.0: 0.5, 10.0: 3.0, 100.0: 1.5}).best == 10.0


def test_too_few_seeds_or_values_tell_nothing(judged: Judged) -> None:
    assert temperatures(judged, STRONG, (0,)).answer == "no test"
    assert temperatures(judged, STRONG, (0, 1)).answer == "few seeds"


def test_two_values_are_too_few(judged: Judged) -> None:
    assert temperatures(judged, {10.0: 1.5, 100.0: 3.0}).answer == "few values"


def test_one_value_is_no_sweep(judged: Judged) -> None:
    found = temperatures(judged, {10.0: 1.5})
    assert (found.answer, found.test, found.has_others) == ("one value", None, False)


def test_batch_sizes_are_judged_alike(judged: Judged) -> None:
    batches = {18: 0.5, 64: 1.5, 96: 3.0}
    found = networks_of(
        judged(*(student("hinton", s, "" if b == 64 else f"-batch{b}", batch=b) for b, s in batches.items()))
    )
    assert (found.batch_size.answer, found.batch_size.base) == ("matters", 64)
    assert not found.temperature.has_others
