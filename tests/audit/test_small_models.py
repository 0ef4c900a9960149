"""Suspicious labels and shortcuts, on measurements that are made up."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dermdistill.audit import out_of_fold, shortcuts
from dermdistill.audit.labels import suspicious_labels
from dermdistill.audit.shortcuts import Shortcut, predicting_melanoma, predicting_source
from dermdistill.audit.survey import Survey
from dermdistill.evaluation.metrics import auc
from dermdistill.records import Record

IMAGES = 200


def made_up(**known: Any) -> Survey:
    """Noise, but for what is known."""
    rng = np.random.default_rng(0)
    columns = ("width", "height", "file_bytes", "jpeg_quality", "contrast", "dark_corners", "hair", "ruler")
    return replace(
        Survey(
            errors=("",) * IMAGES,
            contents=tuple(map(str, range(IMAGES))),
            border=rng.normal(size=(IMAGES, 24)).astype(np.float32),
            coefficients=np.zeros((IMAGES, 2, 90), np.float32),
            probability=rng.random(IMAGES),
            statistics=rng.normal(size=(IMAGES, 7)),
            detector=rng.normal(size=(IMAGES, 2)),
            features=rng.normal(size=(IMAGES, 2, 5)).astype(np.float32),
            **{name: rng.normal(size=IMAGES) for name in columns},
        ),
        **known,
    )


@pytest.fixture(autouse=True)
def _smaller_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out_of_fold, "TREES", 15)
    monkeypatch.setattr(shortcuts, "REPLICATES", 200)


@pytest.fixture
def records() -> list[Record]:
    """Every fourth image shows a melanoma; two sources."""
    return [
        Record(
            image_id=str(i),
            image=None,  # type: ignore[arg-type]
            lesion_id=str(i),
            diagnosis="nevus" if i % 4 else "melanoma",
            source="one" if i < 120 else "other",
        )
        for i in range(IMAGES)
    ]


def named(found: list[Shortcut] | None) -> dict[str, Shortcut]:
    assert found is not None
    return {each.name: each for each in found}


def test_melanoma_is_predicted_by_a_planted_shortcut_and_by_the_model(records: list[Record]) -> None:
    """Three images cannot be read, and the model learned from the first hundred."""
    label = np.array([record.is_melanoma for record in records])
    # Not the larger the likelier: only one size is that of melanomas.
    width = np.where(label, 600.0, np.where(np.arange(IMAGES) % 2, 450.0, 1024.0))
    survey = made_up(
        errors=("damaged",) * 3 + ("",) * (IMAGES - 3),
        width=width,
        height=np.full(IMAGES, 100.0),
        jpeg_quality=np.full(IMAGES, 90.0),
    )
    unseen = np.arange(IMAGES) >= 100
    rows = predicting_melanoma(records, survey, unseen)
    found = named(rows)
    assert found["image size"].auc.value == pytest.approx(1, abs=0.01)
    assert found["all of these"].auc.value == pytest.approx(1, abs=0.02)
    for name in ("file size", "dark corners", "hair", "ruler marks", "border alone (outer tenth)"):
        value, low, high = (getattr(found[name].auc, part) for part in ("value", "low", "high"))
        assert value < 0.7
        assert low < value < high
        assert found[name].images == IMAGES - 3
    assert found["JPEG quality"].auc.value is None
    assert found["JPEG quality"].auc.reason == "the same for all images"
    *_, model = rows or []
    assert model.images == 100
    assert model.auc.value == pytest.approx(auc(label[unseen], survey.probability[unseen]))


def test_how_well_images_tell_their_source(records: list[Record]) -> None:
    features = made_up().features
    features[120:, 0, 2] += 10
    found = named(predicting_source(records, made_up(features=features)))
    assert set(found) == {"one", "other"}
    assert found["one"].auc.value == found["other"].auc.value == pytest.approx(1)
    alone = [replace(record, source="one") for record in records]
    assert predicting_source(alone, made_up()) is None


def test_planted_wrong_labels_come_first(records: list[Record]) -> None:
    features = made_up().features
    features[[i for i, record in enumerate(records) if record.is_melanoma], 0, 0] += 6
    wrong = {1: "melanoma", 4: "nevus", 50: "melanoma"}
    for row, diagnosis in wrong.items():
        records[row] = replace(records[row], diagnosis=diagnosis)
    found = suspicious_labels(records, made_up(features=features))
    assert found is not None
    assert {finding.images[0] for finding in found[:3]} == set(wrong)
    assert all(finding.score < 0.5 and finding.leave_out == () for finding in found)
    assert found[0].detail.startswith(f"labelled {wrong[found[0].images[0]]}; P(melanoma)")


def test_unreadable_images_are_passed_over(records: list[Record]) -> None:
    survey = made_up()
    features = survey.features.copy()
    features[:3] = np.nan
    survey = replace(survey, errors=("damaged",) * 3 + ("",) * (IMAGES - 3), features=features)
    found = suspicious_labels(records, survey)
    assert found is not None
    assert all(finding.images[0] >= 3 for finding in found)


def test_too_few_lesions_of_a_class_give_nothing(records: list[Record]) -> None:
    # All melanomas are of one lesion: no fold could be judged.
    few = [replace(record, lesion_id="one") if record.is_melanoma else record for record in records]
    assert suspicious_labels(few, made_up()) is None
    assert predicting_melanoma(few, made_up(), np.ones(IMAGES, dtype=bool)) is None
