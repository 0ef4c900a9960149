from dataclasses import replace

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame, selection_rate
from sklearn.metrics import recall_score, roc_auc_score
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint, proportions_ztest

from dermdistill.evaluation.estimates import OperatingPoint
from dermdistill.evaluation.metrics import Bools
from dermdistill.evaluation.predictions import Predictions
from dermdistill.judgement.judgement import Subgroup
from dermdistill.judgement.subgroup_columns import columns_of
from dermdistill.judgement.subgroups import subgroups_of

POINT = OperatingPoint(name="given", threshold=0.3, chosen_on="fixed")
SITES = ("back", "face", "arm")


def simulated(number: int = 600, harder: str = "face") -> Predictions:
    """The probabilities are worse on one site; every third patient is male, every tenth of no stated sex."""
    generator = np.random.default_rng(0)
    label = generator.random(number) < 0.3
    site = generator.choice(SITES, number)
    skill = np.where(site == harder, 0.05, 0.4)
    names = tuple(map(str, range(number)))
    sex = ("" if i % 10 == 0 else "male" if i % 3 == 0 else "female" for i in range(number))
    return Predictions(
        image_id=names,
        lesion_id=names,
        split=("all",) * number,
        diagnosis=tuple(np.where(label, "melanoma", generator.choice(["nevus", "wart"], number)).tolist()),
        probability=np.clip(generator.normal(0.15 + skill * label, 0.2), 0, 1),
        details={"site": tuple(site.tolist()), "sex": tuple(sex)},
    )


@pytest.fixture(scope="module")
def images() -> Predictions:
    return simulated()


@pytest.fixture(scope="module")
def found(images: Predictions) -> dict[tuple[str, str], Subgroup]:
    subgroups = subgroups_of([images], [[POINT]], "given", 100)
    return {(each.by, each.value): each for each in subgroups}


def test_figures_are_those_of_fairlearn(images: Predictions, found: dict[tuple[str, str], Subgroup]) -> None:
    called = images.probability >= 0.3
    frame = MetricFrame(
        metrics={
            "sensitivity": recall_score,
            "specificity": lambda truth, call: recall_score(truth, call, pos_label=0),
            "flagged": selection_rate,
        },
        y_true=images.label.astype(int),
        y_pred=called.astype(int),
        sensitive_features=np.array(images.details["site"]),
    )
    for site, expected in frame.by_group.iterrows():
        each = found["site", str(site)]
        for name in ("sensitivity", "specificity", "flagged"):
            assert getattr(each, name).value == pytest.approx(expected[name])
    auc = MetricFrame(
        metrics=roc_auc_score,
        y_true=images.label,
        y_pred=images.probability,
        sensitive_features=np.array(images.details["site"]),
    )
    for site in SITES:
        assert found["site", site].auc.value == pytest.approx(auc.by_group[site])


def is_at(images: Predictions, site: str) -> Bools:
    return np.array([each == site for each in images.details["site"]])


def test_intervals_and_differences_are_those_of_statsmodels(
    images: Predictions, found: dict[tuple[str, str], Subgroup]
) -> None:
    hit = images.probability >= 0.3
    here, others = images.label & is_at(images, "face"), images.label & ~is_at(images, "face")
    each = found["site", "face"]
    counts = (hit & here).sum(), (hit & others).sum()
    assert (each.sensitivity.low, each.sensitivity.high) == pytest.approx(
        proportion_confint(counts[0], here.sum(), method="wilson")
    )
    difference = next(of for of in each.differences if of.figure == "sensitivity")
    assert difference.delta.value == pytest.approx(counts[0] / here.sum() - counts[1] / others.sum())
    assert difference.p_value == pytest.approx(proportions_ztest(counts, [here.sum(), others.sum()])[1])


def test_p_values_are_corrected_for_all_differences(found: dict[tuple[str, str], Subgroup]) -> None:
    differences = [difference for each in found.values() for difference in each.differences]
    adjusted = multipletests([each.p_value for each in differences], method="holm")[1]
    assert [each.adjusted_p_value for each in differences] == pytest.approx(adjusted)
    worse = {of.figure for of in found["site", "face"].differences if of.adjusted_p_value < 0.05}
    assert worse == {"auc", "sensitivity", "calibration"}
    assert not [of for of in found["sex", "female"].differences if of.adjusted_p_value < 0.05]


def test_two_values_are_compared_once(found: dict[tuple[str, str], Subgroup]) -> None:
    assert len(found["sex", "female"].differences) == 4
    assert found["sex", "male"].differences == ()
    assert found["sex", "not stated"].differences == ()
    assert all(len(found["site", site].differences) == 4 for site in SITES)


def test_of_a_diagnosis_only_one_class_can_be_said(found: dict[tuple[str, str], Subgroup]) -> None:
    nevus, melanoma = found["diagnosis", "nevus"], found["diagnosis", "melanoma"]
    assert nevus.auc.reason == nevus.sensitivity.reason == "no melanoma among the images"
    assert melanoma.specificity.reason == "every image is melanoma"
    assert [of.figure for of in nevus.differences] == ["specificity"]
    assert melanoma.differences == ()
    assert nevus.calibration.value is None


def test_calibration_is_p_minus_the_share_of_melanomas(
    images: Predictions, found: dict[tuple[str, str], Subgroup]
) -> None:
    here = is_at(images, "back")
    expected = images.probability[here].mean() - images.label[here].mean()
    calibration = found["site", "back"].calibration
    assert calibration.value == pytest.approx(expected)
    assert calibration.low is not None
    assert calibration.high is not None
    assert calibration.low < expected < calibration.high


def test_too_few_to_say(images: Predictions) -> None:
    rows = [*np.flatnonzero(images.label)[:9], *np.flatnonzero(~images.label)[:30]]
    few = replace(images.take(rows), details={"sex": ("male",) * 20 + ("female",) * 19})
    male = subgroups_of([few], [[POINT]], "given", 100)[1]
    assert (male.value, male.n_melanoma) == ("male", 9)
    reason = "too few to say: needs 10 lesions with melanoma"
    assert male.auc.reason == male.sensitivity.reason == male.calibration.reason == reason
    assert male.auc.value is male.sensitivity.value is None
    assert male.specificity.value is not None
    assert male.flagged.value is not None


def test_photographs_are_grouped_by_size_and_tone(images: Predictions) -> None:
    few = images.take(range(8))
    details = {
        "short_side": ("128", "299", "300", "600", "1199", "1200", "", "4000"),
        "typology_angle": ("60", "55", "41.1", "30", "10.5", "-29", "-31", ""),
    }
    columns = {column.name: column for column in columns_of(replace(few, details=details))}
    sizes, tones = columns["short side of the image"], columns["skin tone, estimated"]
    assert sizes.values[:4] == ("under 300 px", "under 300 px", "300 to 599 px", "600 to 1,199 px")
    assert sizes.values[4:] == ("600 to 1,199 px", "1,200 px and over", "not stated", "1,200 px and over")
    assert tones.values == (
        *("very light", "very light", "light", "intermediate"),
        *("tan", "brown", "dark", "not stated"),
    )


def test_a_stated_skin_type_takes_the_place_of_the_estimate(images: Predictions) -> None:
    details = {"skin_type": ("I", "II", "", "II"), "typology_angle": ("60", "20", "30", "10")}
    names = [column.name for column in columns_of(replace(images.take(range(4)), details=details))]
    assert "skin type" in names
    assert "skin tone, estimated" not in names
