"""The promise holds, and breaks where the rules behind it are not kept."""

import numpy as np
import pytest
from scipy.stats import beta, binom, norm

from dermdistill.adaptation.fit import adapt
from dermdistill.adaptation.last_step import fit_last_step
from dermdistill.adaptation.promise import allowed_misses, fewest_with, melanomas_needed, most_promised
from dermdistill.adaptation.roles import assign_roles
from tests.adaptation.samples import gaussian


@pytest.mark.parametrize("sensitivity", [0.5, 0.8, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("melanomas", [0, 1, 13, 29, 59, 107, 400])
def test_the_misses_against_the_order_statistics(melanomas: int, sensitivity: float) -> None:
    """The share below the r-th lowest of m has the distribution Beta(r, m - r + 1)."""
    promised = [r for r in range(1, melanomas + 1) if beta.cdf(1 - sensitivity, r, melanomas - r + 1) >= 0.95]
    misses = allowed_misses(melanomas, sensitivity)
    assert misses == (max(promised) - 1 if promised else None)


@pytest.mark.parametrize("sensitivity", [0.5, 0.8, 0.9, 0.95, 0.99])
def test_how_many_melanomas_are_needed(sensitivity: float) -> None:
    needed = melanomas_needed(sensitivity)
    assert allowed_misses(needed, sensitivity) == 0
    assert allowed_misses(needed - 1, sensitivity) is None
    assert most_promised(needed - 1) < sensitivity <= most_promised(needed)
    for misses in (0, 1, 4):
        fewest = fewest_with(misses, sensitivity)
        assert binom.cdf(misses, fewest, 1 - sensitivity) <= 0.05
        assert binom.cdf(misses, fewest - 1, 1 - sensitivity) > 0.05


def test_known_numbers() -> None:
    """The rule of three, and Wilks's 59."""
    assert (melanomas_needed(0.90), melanomas_needed(0.95), melanomas_needed(0.99)) == (29, 59, 299)


def sensitivity_of(weights: np.ndarray, own: float, threshold: float, gain: float) -> float:
    """Of a last step on `gaussian`: the score of a melanoma is normal."""
    direction = np.concatenate([[own], weights])
    shift = np.zeros(len(direction))
    shift[0], shift[1] = 1.0, gain
    return float(norm.sf(threshold, direction @ shift, np.linalg.norm(direction)))


def coverage(*, melanomas: int, gain: float, draws: int) -> tuple[float, float]:
    """In which share of samples the sensitivity is as promised, and in which a last step was fitted."""
    kept = fitted = 0
    for seed in range(draws):
        sample = gaussian(seed, melanomas=melanomas, others=60, gain=gain)
        adapted = adapt(sample, assign_roles(sample, 0.8, seed), seed)
        step, calibration = adapted.step, adapted.calibration
        log_odds = np.log(adapted.threshold / (1 - adapted.threshold))
        raw = (log_odds - calibration.intercept) / calibration.slope - step.intercept
        weights = step.weights if step.input else np.zeros(7)
        kept += sensitivity_of(weights, step.own, raw, gain) >= 0.8
        fitted += step.input is not None
    return kept / draws, fitted / draws


@pytest.mark.parametrize(("melanomas", "gain", "draws"), [(20, 0.0, 400), (45, 1.5, 120)])
def test_the_promise_is_kept_in_95_of_100_samples(melanomas: int, gain: float, draws: int) -> None:
    """To within three standard errors of so many draws."""
    kept, fitted = coverage(melanomas=melanomas, gain=gain, draws=draws)
    assert kept > 0.95 - 3 * (0.95 * 0.05 / draws) ** 0.5
    assert (fitted > 0.5) == (gain > 0)


def test_the_same_melanomas_for_last_step_and_threshold_would_break_it() -> None:
    kept = 0
    for seed in range(150):
        sample = gaussian(seed, melanomas=30, others=60, columns=30)
        step = fit_last_step(sample, "logits")
        misses = allowed_misses(30, 0.8)
        assert misses is not None
        threshold = np.sort(step.log_odds(sample)[sample.label])[misses] - step.intercept
        kept += sensitivity_of(step.weights, step.own, threshold, 0.0) >= 0.8
    assert kept / 150 < 0.85


def test_the_threshold_with_a_promise_is_lower_than_the_usual_one() -> None:
    """``sensitivity_0.80`` of a sample is 0.8 there: of its population it is as often less as more."""
    sample = gaussian(0, melanomas=40, others=60)
    adapted = adapt(sample, assign_roles(sample, 0.8, 0), 0)
    usual = next(point for point in adapted.points if point.name == "sensitivity_0.80")
    assert usual.threshold is not None
    assert adapted.threshold < usual.threshold
