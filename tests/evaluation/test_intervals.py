import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from dermdistill.evaluation.intervals import (
    CHANCE,
    Statistic,
    bootstrap,
    error_estimate,
    percentile_estimate,
    resamples,
)
from dermdistill.evaluation.metrics import Floats, Labels, Ranking, weighted_mean
from dermdistill.evaluation.results import Estimate


def auc_statistic(label: Labels, score: Floats) -> Statistic:
    ranking = Ranking.of(label, score)
    return lambda weights: {"auc": ranking.count(weights).auc()}


def auc_estimate(
    label: Labels, score: Floats, lesion: list[str], replicates: int = 300, seed: int = 0
) -> Estimate:
    statistic = auc_statistic(label, score)
    return bootstrap(statistic, lambda _: "why", lesion, label, replicates=replicates, seed=seed)["auc"]


def ids(images: int) -> list[str]:
    return [str(i) for i in range(images)]


def width(estimate: Estimate) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.high - estimate.low


def test_a_resample_draws_whole_lesions_as_often_as_there_are_lesions() -> None:
    lesion = ["a", "b", "a", "c", "b", "a"]
    weights = np.concatenate(list(resamples(lesion, replicates=500, seed=0)))
    a, b, _, c, _, _ = weights.T

    assert weights.shape == (500, 6)
    assert (weights[:, [0, 2, 5]] == a[:, None]).all()
    assert (weights[:, [1, 4]] == b[:, None]).all()
    assert (a + b + c == 3).all()
    assert np.mean(a) == pytest.approx(1, abs=0.15)
    assert np.var(a) == pytest.approx(2 / 3, abs=0.15)


def test_resamples_come_in_bounded_pieces_and_follow_from_the_seed() -> None:
    lesion = ids(75_000)
    pieces = [piece.shape for piece in resamples(lesion, replicates=7, seed=0)]
    first, again, other = (next(resamples(ids(50), replicates=3, seed=seed)) for seed in (4, 4, 5))

    assert pieces == [(3, 75_000), (3, 75_000), (1, 75_000)]
    assert (first == again).all()
    assert (first != other).any()


def test_interval_is_that_of_explicitly_resampled_rows() -> None:
    rng = np.random.default_rng(0)
    lesion = [str(i // 2) for i in range(120)]
    label = np.arange(120) // 2 % 4 == 0
    score = np.round(rng.normal(size=120) + label, 1)
    areas = []
    for weights in np.concatenate(list(resamples(lesion, replicates=300, seed=0))):
        rows = np.repeat(np.arange(120), weights.astype(int))
        areas.append(roc_auc_score(label[rows], score[rows]))

    estimate = auc_estimate(label, score, lesion)

    assert estimate.value == pytest.approx(roc_auc_score(label, score))
    assert (estimate.low, estimate.high) == pytest.approx(tuple(np.quantile(areas, [0.025, 0.975])))


def test_interval_covers_the_true_auc() -> None:
    # Normal scores one class apart by d have AUC Phi(d / sqrt 2).
    label = np.arange(200) % 4 == 0
    truth = (1 + math.erf(1.2 / 2)) / 2
    covered = 0
    for seed in range(400):
        score = np.random.default_rng(seed).normal(size=200) + 1.2 * label
        estimate = auc_estimate(label, score, ids(200), seed=seed)
        assert estimate.low is not None
        assert estimate.high is not None
        covered += estimate.low <= truth <= estimate.high

    assert 0.90 <= covered / 400 <= 0.99


def test_copies_within_a_lesion_leave_the_interval_as_it_was() -> None:
    label = np.arange(100) % 4 == 0
    score = np.random.default_rng(1).normal(size=100) + label
    once = auc_estimate(label, score, ids(100))
    within = auc_estimate(np.tile(label, 3), np.tile(score, 3), ids(100) * 3)
    as_if_independent = auc_estimate(np.tile(label, 3), np.tile(score, 3), ids(300))

    assert (within.value, within.low, within.high) == pytest.approx((once.value, once.low, once.high))
    assert width(as_if_independent) < 0.75 * width(once)


def test_more_lesions_narrow_the_interval() -> None:
    rng = np.random.default_rng(2)
    few, many = (
        auc_estimate(np.arange(n) % 4 == 0, rng.normal(size=n) + (np.arange(n) % 4 == 0), ids(n))
        for n in (80, 800)
    )

    assert width(many) < 0.5 * width(few)


@pytest.mark.parametrize(
    ("melanomas", "others", "reason"),
    [
        (9, 50, "with melanoma, found 9"),
        (50, 1, "without melanoma, found 1"),
        (1, 0, "with melanoma, found 1"),
    ],
)
def test_too_few_lesions_of_a_class_give_no_interval(melanomas: int, others: int, reason: str) -> None:
    label = np.arange(melanomas + others) < melanomas
    score = np.random.default_rng(0).random(len(label))
    statistic: Statistic = lambda weights: {"mean": weighted_mean(score, weights)}  # noqa: E731

    estimate = bootstrap(statistic, lambda _: "why", ids(len(label)), label, replicates=50, seed=0)["mean"]

    assert estimate.value == pytest.approx(score.mean())
    assert (estimate.low, estimate.high) == (None, None)
    assert estimate.reason == f"no interval: needs 10 lesions {reason}"


def test_many_images_of_few_lesions_are_still_few() -> None:
    label = np.arange(100) < 50
    estimate = auc_estimate(label, np.random.default_rng(0).random(100), [str(i // 10) for i in range(100)])

    assert estimate.low is None
    assert estimate.reason == "no interval: needs 10 lesions with melanoma, found 5"


def test_an_undefined_figure_has_its_reason() -> None:
    assert auc_estimate(np.zeros(20, bool), np.linspace(0, 1, 20), ids(20)) == Estimate(
        value=None, reason="why"
    )


def test_perfect_separation_claims_no_certainty() -> None:
    label = np.arange(60) % 2 == 0

    assert auc_estimate(label, label.astype(float), ids(60)) == Estimate(
        value=1.0, reason="no interval: the resamples do not differ"
    )


def test_percentiles_leave_out_a_few_undefined_resamples_but_not_many() -> None:
    drawn = np.arange(1001) / 1000
    few, many = drawn.copy(), drawn.copy()
    few[::40] = np.nan
    many[::10] = np.nan

    assert percentile_estimate(0.5, drawn) == Estimate(value=0.5, low=0.025, high=0.975)
    assert percentile_estimate(0.5, few).low == pytest.approx(0.025, abs=0.005)
    assert percentile_estimate(0.5, many) == Estimate(
        value=0.5, reason="no interval: undefined in too many resamples"
    )


def test_interval_of_an_error_takes_the_noise_of_resampling_back() -> None:
    drawn = np.linspace(0.08, 0.16, 2001)
    beyond_chance = error_estimate(0.1, drawn, chance=np.full(2001, 0.05))
    within_chance = error_estimate(0.1, drawn, chance=np.full(2001, 0.11))

    assert (beyond_chance.low, beyond_chance.high) == pytest.approx((0.2 - 0.158, 0.2 - 0.082))
    assert (within_chance.low, within_chance.high) == pytest.approx((0, 0.2 - 0.082))


def test_companions_serve_the_interval_and_are_not_figures() -> None:
    label = np.arange(40) % 2 == 0
    error = np.random.default_rng(0).random(40)
    statistic: Statistic = lambda weights: {  # noqa: E731
        "error": weighted_mean(error, weights),
        "error" + CHANCE: weighted_mean(error, weights) + 1,
    }

    estimates = bootstrap(statistic, lambda _: "why", ids(40), label, replicates=200, seed=0)

    assert list(estimates) == ["error"]
    assert estimates["error"].low == 0
