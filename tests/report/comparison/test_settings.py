from collections.abc import Callable, Mapping
from dataclasses import replace

from dermdistill.report.comparison.arrangement import Arrangement
from dermdistill.report.comparison.settings import setting_verdict
from dermdistill.report.comparison.sweeps import BATCH_SIZE, TEMPERATURE, differences_from_base
from dermdistill.report.comparison.verdict import Verdict
from dermdistill.report.reading import RunResults
from tests.report.comparison.conftest import SEEDS, student

RunResultsOf = Callable[..., tuple[RunResults, Arrangement]]
REPLICATES = 100


def swept(run_results: RunResultsOf, skills: Mapping[float, float], **changes: object) -> Verdict:
    networks = [
        student("hinton", skill, "" if t == 10 else f"-T{t:g}", temperature=t) for t, skill in skills.items()
    ]
    seeds = changes.pop("of_seeds", SEEDS)
    assert isinstance(seeds, tuple)
    _, arrangement = run_results(*(replace(network, seeds=seeds) for network in networks), **changes)
    differences = differences_from_base(arrangement.temperatures, REPLICATES)
    return setting_verdict(TEMPERATURE, "DSNet", arrangement.temperatures, differences)


STRONG = {3.0: 0.5, 10.0: 1.5, 100.0: 3.0}


def test_a_temperature_that_matters_is_called_so(run_results: RunResultsOf) -> None:
    verdict = swept(run_results, STRONG)
    assert verdict.answer.startswith("Yes: the AUC moves with the temperature by more than the seeds explain")
    assert "3 temperatures with 3 seeds each" in verdict.answer
    assert "Highest mean AUC on the test images: T = 100, " in verdict.points[1]
    assert "its interval leaves out 0. It was picked as the highest of 3" in verdict.points[1]
    assert verdict.points[2].startswith(
        "The paper's accuracies, single runs on its own test set, go from 0.772 to 0.917"
    )


def test_a_temperature_that_does_nothing_is_not(run_results: RunResultsOf) -> None:
    verdict = swept(run_results, {3.0: 1.5001, 10.0: 1.501, 20.0: 1.502, 100.0: 1.503})
    assert verdict.answer.startswith("Not that can be shown: the seeds alone may explain how far the AUC")


def test_the_recipes_own_value_may_be_the_best(run_results: RunResultsOf) -> None:
    verdict = swept(run_results, {3.0: 0.5, 10.0: 3.0, 100.0: 1.5})
    assert "Highest mean AUC on the test images: T = 10, the recipe's own, 0.9" in verdict.points[1]
    assert "picked" not in verdict.points[1]


def test_too_few_seeds_or_temperatures_tell_nothing(run_results: RunResultsOf) -> None:
    assert swept(run_results, STRONG, of_seeds=(0,)).answer == (
        "Cannot be told: a test needs two seeds or more that every setting has."
    )
    assert swept(run_results, STRONG, of_seeds=(0, 1)).answer.startswith(
        "Cannot be told: fewer than 3 seeds (permutation test p = "
    )
    two = {t: skill for t, skill in STRONG.items() if t > 3}
    assert swept(run_results, two).answer.startswith(
        "Cannot be told: so few temperatures and seeds give no p below 0.25 "
    )


def test_without_a_sweep_it_is_said(run_results: RunResultsOf) -> None:
    assert swept(run_results, {10.0: 1.5}).answer == (
        "Cannot be answered: this run trained DSNet with one temperature only."
    )


def test_batch_sizes_are_judged_alike(run_results: RunResultsOf) -> None:
    batches = {18: 0.5, 64: 1.5, 96: 3.0}
    networks = [student("hinton", s, "" if b == 64 else f"-batch{b}", batch=b) for b, s in batches.items()]
    _, arrangement = run_results(*networks)
    verdict = setting_verdict(BATCH_SIZE, "DSNet", arrangement.batch_sizes, {})
    assert verdict.answer.startswith("Yes: the AUC moves with the batch size")
    assert not arrangement.temperatures.has_others


def test_points_of_a_sweep_ascend(run_results: RunResultsOf) -> None:
    networks = [
        student("hinton", 1, "" if t == 10 else f"-T{t:g}", temperature=t) for t in (100.0, 10.0, 3.0)
    ]
    _, arrangement = run_results(*networks, student("hinton", 1, "-batch18", batch=18))
    assert [value for value, _ in arrangement.temperatures.points] == [3, 10, 100]
    assert [value for value, _ in arrangement.batch_sizes.points] == [18, 64]
    assert arrangement.temperatures.base_group is arrangement.batch_sizes.base_group
    assert arrangement.temperatures.base_group is not None
