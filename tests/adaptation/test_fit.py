import numpy as np
import pytest

from dermdistill.adaptation.fit import adapt
from dermdistill.adaptation.last_step import AS_IT_IS, fit_last_step
from dermdistill.adaptation.nested import cross_validate
from dermdistill.adaptation.roles import assign_roles
from dermdistill.adaptation.sample import folds
from dermdistill.evaluation.metrics import auc
from dermdistill.evaluation.reliability import ece
from tests.adaptation.samples import gaussian


def test_a_last_step_is_what_it_says() -> None:
    sample = gaussian(0, melanomas=30, others=60, gain=1.0)
    step = fit_last_step(sample, "logits")
    by_hand = step.own * sample.log_odds + sample.inputs["logits"] @ step.weights + step.intercept
    np.testing.assert_allclose(step.log_odds(sample), by_hand)
    np.testing.assert_array_equal(fit_last_step(sample, AS_IT_IS).log_odds(sample), sample.log_odds)


def test_the_scale_of_a_logit_does_not_matter() -> None:
    sample = gaussian(0, melanomas=30, others=60, gain=1.0)
    before = fit_last_step(sample, "logits").log_odds(sample)
    sample.inputs["logits"][:, 2] *= 1000
    sample.inputs["logits"][:, 3] += 50
    np.testing.assert_allclose(fit_last_step(sample, "logits").log_odds(sample), before, atol=1e-6)


def test_a_last_step_gains_where_there_is_something_to_learn() -> None:
    sample = gaussian(0, melanomas=150, others=300, gain=1.5)
    adapted = adapt(sample, assign_roles(sample, 0.9, 0), 0)
    assert adapted.step.name == "logits"
    assert adapted.gains["logits"].delta > 0.1
    new = gaussian(1, melanomas=2000, others=2000, gain=1.5)
    assert auc(new.label, adapted.of_melanoma(new)) > auc(new.label, new.log_odds) + 0.1


def test_p_is_calibrated_at_the_prevalence_of_the_photographs() -> None:
    sample = gaussian(0, melanomas=150, others=300, gain=1.5)
    adapted = adapt(sample, assign_roles(sample, 0.9, 0), 0)
    new = gaussian(1, melanomas=2000, others=4000, gain=1.5)
    assert ece(new.label, adapted.of_melanoma(new)) < 0.06
    assert adapted.of_melanoma(new).mean() == pytest.approx(1 / 3, abs=0.05)


def test_a_pure_recalibration_leaves_the_ranking() -> None:
    sample = gaussian(0, melanomas=30, others=60)
    adapted = adapt(sample, assign_roles(sample, 0.9, 0), 0)
    assert adapted.step.name == AS_IT_IS
    assert adapted.gains == {}
    np.testing.assert_array_equal(np.argsort(adapted.probability), np.argsort(sample.log_odds))


def test_the_threshold_leaves_as_many_melanomas_below_it_as_it_says() -> None:
    sample = gaussian(0, melanomas=107, others=200, gain=1.0)
    roles = assign_roles(sample, 0.9, 0)
    adapted = adapt(sample, roles, 0)
    cases = sample.label & roles.sets_threshold
    assert (adapted.probability[cases] < adapted.threshold).sum() == roles.misses == 3
    assert adapted.threshold not in adapted.probability
    assert adapted.lesion_threshold == pytest.approx(adapted.threshold)


def test_of_several_photographs_the_mean_has_a_threshold_of_its_own() -> None:
    sample = gaussian(0, melanomas=40, others=60, per_lesion=4)
    adapted = adapt(sample, assign_roles(sample, 0.9, 0), 0)
    assert adapted.lesion_threshold != pytest.approx(adapted.threshold)


def test_the_photographs_of_a_fold_decide_nothing_about_it() -> None:
    """Other numbers and labels in a fold leave what the others say of it as a function of its numbers."""
    sample = gaussian(0, melanomas=60, others=90, gain=1.0)
    roles = assign_roles(sample, 0.9, 0)
    nested = cross_validate(sample, roles, 0)
    fold = folds(sample, 10, 0)
    held_out = fold == 4
    kept = sample.take(~held_out)
    cases = int((sample.label & roles.sets_threshold & ~held_out).sum())
    by_hand = adapt(kept, roles.without(held_out, cases), 0)
    expected = by_hand.of_melanoma(sample.take(held_out))
    np.testing.assert_allclose(nested.probability[held_out], expected)
    np.testing.assert_array_equal(nested.flagged[held_out], expected >= by_hand.threshold)


def test_nested_figures_are_not_flattered_by_noise() -> None:
    """Features that tell nothing: fitted ones seem to, cross-validated ones do not."""
    differences = []
    for seed in range(8):
        sample = gaussian(seed, melanomas=25, others=50, columns=40)
        nested = cross_validate(sample, assign_roles(sample, 0.9, seed), seed)
        differences.append(auc(sample.label, nested.probability) - auc(sample.label, sample.log_odds))
        fitted = fit_last_step(sample, "logits").log_odds(sample)
        assert auc(sample.label, fitted) > auc(sample.label, sample.log_odds)
    assert np.mean(differences) < 0.0
