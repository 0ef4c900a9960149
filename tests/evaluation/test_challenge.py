"""Submission and ground truth, scored by the challenge's own code."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dermdistill.evaluation.challenge import ground_truth, left_out, submission
from dermdistill.evaluation.diagnoses import judge_diagnoses
from dermdistill.evaluation.predictions import Predictions
from dermdistill.inference.isic2018 import CATEGORIES

CLASSES = tuple(sorted(CATEGORIES.values()))
FREQUENCIES = np.array([0.05, 0.1, 0.15, 0.05, 0.15, 0.4, 0.1])


def predicted(images: int = 140) -> Predictions:
    """Images of all seven diagnoses, scored by a model that tends to the frequent ones."""
    random = np.random.default_rng(0)
    truth = np.arange(images) % len(CLASSES)
    odds = FREQUENCIES * np.exp(random.normal(size=(images, 7)) + 1.5 * np.eye(7)[truth])
    probabilities = odds / odds.sum(axis=1, keepdims=True)
    names = tuple(f"ISIC_{i:07d}" for i in range(images))
    return Predictions(
        image_id=names,
        lesion_id=names,
        split=("test",) * images,
        diagnosis=tuple(CLASSES[i] for i in truth),
        probability=probabilities[:, CLASSES.index("melanoma")],
        classes=CLASSES,
        class_probabilities=probabilities,
    )


@pytest.mark.parametrize("frequencies", [None, FREQUENCIES], ids=["as-trained", "balanced"])
def test_the_official_scoring_gives_the_figures_of_the_judgement(
    frequencies: np.ndarray | None, tmp_path: Path
) -> None:
    scoring = pytest.importorskip("isic_challenge_scoring.classification")
    predictions = predicted()
    (tmp_path / "submission.csv").write_text(submission(predictions, frequencies))
    (tmp_path / "truth.csv").write_text(ground_truth(predictions))
    with pytest.warns(FutureWarning):  # of pandas, for a method that it renamed
        score = scoring.ClassificationScore.from_file(
            tmp_path / "truth.csv",
            tmp_path / "submission.csv",
            scoring.ClassificationMetric.BALANCED_ACCURACY,
        )
    figures = judge_diagnoses([predictions], [FREQUENCIES], replicates=100, seed=0)
    assert figures is not None
    found = figures.as_trained if frequencies is None else figures.balanced
    assert found is not None
    assert found.balanced_accuracy.value == pytest.approx(score.overall)
    assert found.macro_auc.value == pytest.approx(score.macro_average["auc"])


def test_images_of_other_diagnoses_are_in_neither_table() -> None:
    predictions = predicted(14)
    other = replace(predictions, diagnosis=("squamous cell carcinoma", *predictions.diagnosis[1:]))
    assert left_out(other) == 1
    for table in (submission(other, None), ground_truth(other)):
        assert [line.split(",")[0] for line in table.splitlines()[1:]] == list(predictions.image_id[1:])


def test_no_image_name_is_a_formula() -> None:
    predictions = replace(predicted(2), image_id=("=1+1", "plain"))
    assert submission(predictions, None).splitlines()[1].startswith("'=1+1,")
