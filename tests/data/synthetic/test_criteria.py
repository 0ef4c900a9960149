from dataclasses import astuple, replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from dermdistill.data.synthetic.criteria import Criteria, bayes_auc, criteria_from, draw_scores

ABSENT = Criteria(*[0.0] * 9)
FULL = Criteria(*[1.0] * 9)

LABELS = np.arange(8000) % 2 == 1
HALF = len(LABELS) // 2


@cache
def scores(difficulty: float) -> NDArray[np.float64]:
    rng = np.random.default_rng(0)
    return np.stack([draw_scores(rng, bool(melanoma), difficulty) for melanoma in LABELS])


@pytest.mark.parametrize("difficulty", [0.0, 0.5, 1.0])
def test_the_best_classifier_of_the_scores_has_the_auc_of_the_formula(difficulty: float) -> None:
    drawn = scores(difficulty)
    best = LinearDiscriminantAnalysis().fit(drawn[:HALF], LABELS[:HALF])
    auc = roc_auc_score(LABELS[HALF:], best.decision_function(drawn[HALF:]))
    assert auc == pytest.approx(bayes_auc(difficulty), abs=0.015)


def test_no_difficulty_allows_a_perfect_classifier_and_a_higher_one_allows_less() -> None:
    aucs = [bayes_auc(difficulty) for difficulty in np.linspace(0.0, 1.0, 11)]
    assert aucs == sorted(aucs, reverse=True)
    assert 0.75 < aucs[-1] < aucs[0] < 0.995
    assert 0.93 < bayes_auc(0.5) < 0.95


def test_what_can_be_seen_overlaps_between_the_diagnoses() -> None:
    seen = np.array([astuple(criteria_from(row)) for row in scores(0.5)])
    model = LogisticRegression().fit(seen[:HALF], LABELS[:HALF])
    auc = roc_auc_score(LABELS[HALF:], model.decision_function(seen[HALF:]))
    assert 0.9 < auc < bayes_auc(0.5)
    assert all(0.6 < roc_auc_score(LABELS, column) < 0.9 for column in seen.T)


def test_difficulty_moves_the_melanomas_and_leaves_the_nevi() -> None:
    easy, hard = scores(0.0), scores(1.0)
    np.testing.assert_array_equal(easy[~LABELS], hard[~LABELS])
    assert (easy[LABELS] > hard[LABELS]).all()


def test_degrees_are_between_absent_and_full() -> None:
    assert criteria_from(np.full(9, -9.0)) == ABSENT
    assert criteria_from(np.full(9, 9.0)) == FULL
    middle = criteria_from(np.array([0.95, -9.0, 2.2, *[-9.0] * 6]))
    assert astuple(middle) == pytest.approx((0.5, 0.0, 0.5, *[0.0] * 6))


def total_dermoscopy_score(seen: Criteria) -> float:
    """The ABCD rule (Stolz et al. 1994), 1.5 to 8.9; above 5.45 suggests melanoma.

    Counts two shades of brown and one structure, the benign pattern's own, in every lesion.
    """
    axes, segments = round(2 * seen.asymmetry), round(8 * seen.border)
    black, white, red = seen.blotch > 0 or seen.globules > 0, seen.regression > 0, seen.vessels > 0
    colours = 2 + black + white + red + (seen.veil > 0 or seen.regression > 0)
    dots = globules = seen.globules > 0
    structures = 1 + (seen.network > 0) + (seen.streaks > 0) + dots + globules
    return 1.3 * axes + 0.1 * segments + 0.5 * colours + 0.5 * structures


def seven_point_score(seen: Criteria) -> int:
    """The 7-point checklist (Argenziano et al. 1998), 0 to 10; 3 or more suggests melanoma."""
    major = (seen.network, seen.veil, seen.vessels)
    minor = (seen.streaks, seen.globules, seen.blotch, seen.regression)
    return 2 * sum(degree > 0 for degree in major) + sum(degree > 0 for degree in minor)


def test_the_abcd_rule_by_hand() -> None:
    assert total_dermoscopy_score(ABSENT) == pytest.approx(0.5 * 2 + 0.5 * 1)
    assert total_dermoscopy_score(FULL) == pytest.approx(1.3 * 2 + 0.1 * 8 + 0.5 * 6 + 0.5 * 5)
    one_axis = replace(ABSENT, asymmetry=0.5, border=0.5, veil=0.2, network=0.9)
    assert total_dermoscopy_score(one_axis) == pytest.approx(1.3 + 0.1 * 4 + 0.5 * 3 + 0.5 * 2)


def test_the_seven_point_checklist_by_hand() -> None:
    assert seven_point_score(ABSENT) == 0
    assert seven_point_score(FULL) == 10
    assert seven_point_score(replace(ABSENT, veil=0.1, streaks=0.1)) == 3
    assert seven_point_score(replace(ABSENT, asymmetry=1.0, border=1.0)) == 0


def test_both_rules_of_the_field_separate_most_melanomas_from_most_nevi() -> None:
    seen = [criteria_from(row) for row in scores(0.5)]
    abcd = np.array([total_dermoscopy_score(criteria) for criteria in seen]) > 5.45
    seven_point = np.array([seven_point_score(criteria) for criteria in seen]) >= 3
    for suspicious in (abcd, seven_point):
        assert 0.5 < suspicious[LABELS].mean() < 0.95
        assert 0.85 < 1.0 - suspicious[~LABELS].mean() < 1.0
