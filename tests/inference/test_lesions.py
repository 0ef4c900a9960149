"""Several photographs of one lesion: one answer, and a warning where they disagree."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermdistill.inference.decision import OperatingPointUsed
from dermdistill.inference.lesions import (
    COLUMNS,
    judge_lesions,
    lesion_point,
    mean_probability,
    row_dict,
    table,
)
from dermdistill.inference.model import load
from dermdistill.inference.model_info import ChosenThreshold
from dermdistill.inference.prediction import Prediction
from dermdistill.inference.stream import ScoredImage

POINT = OperatingPointUsed("youden", 0.3, 0.8, 0.7)


def predicted(probability: float, *warnings: str) -> Prediction:
    return Prediction(
        probability=probability,
        decision=POINT.decision(probability),
        operating_point=POINT,
        diagnoses={"melanoma": probability, "nevus": (1 - probability) / 2, "other": (1 - probability) / 2},
        warnings=warnings,
        model_id="net 0123",
    )


def rows(*probabilities: float) -> list[ScoredImage]:
    return [ScoredImage(f"{i}.jpg", predicted(p)) for i, p in enumerate(probabilities)]


def test_the_mean_of_the_log_odds() -> None:
    """By hand: odds 1/9 and 4 have the geometric mean 2/3, which is P = 0.4."""
    assert mean_probability([predicted(0.1), predicted(0.8)]) == pytest.approx(0.4)
    assert mean_probability([predicted(0.37)]) == pytest.approx(0.37)


def test_certain_photographs_stay_finite() -> None:
    assert mean_probability([predicted(1.0), predicted(0.0)]) == pytest.approx(0.5)
    assert 0 <= mean_probability([predicted(0.0)]) < 1e-30


def test_lesions_come_in_the_order_of_their_first_photographs() -> None:
    lesions = judge_lesions(rows(0.1, 0.2, 0.8, 0.6), ["b", "a", "b", "c"], POINT)
    assert [lesion.name for lesion in lesions] == ["b", "a", "c"]
    assert [len(lesion.predictions) for lesion in lesions] == [2, 1, 1]
    assert [lesion.decision for lesion in lesions] == ["melanoma", "other", "melanoma"]


def test_photographs_that_disagree_are_named() -> None:
    disagree, agree = judge_lesions(rows(0.1, 0.8, 0.4, 0.5), ["a", "a", "b", "b"], POINT)
    assert disagree.warnings == ("photographs disagree: 1 of 2 flagged, P from 10 % to 80 %",)
    assert agree.warnings == ()


def test_warnings_of_photographs_are_counted() -> None:
    blurred = [ScoredImage("0.jpg", predicted(0.5, "blurred")), ScoredImage("1.jpg", predicted(0.5))]
    several, alone = judge_lesions([*blurred, blurred[0]], ["a", "a", "b"], POINT)
    assert several.warnings == ("1 of 2: blurred",)
    assert alone.warnings == ("blurred",)


def test_the_frames_of_a_film_are_photographs_of_its_lesion() -> None:
    film = [ScoredImage("f.dcm", predicted(p), frame=i) for i, p in enumerate((0.2, 0.4, 0.6), start=1)]
    first, second = judge_lesions([*film, *rows(0.9)], ["film", "other"], POINT)
    assert (len(first.predictions), len(second.predictions)) == (3, 1)


def test_a_lesion_without_a_readable_photograph_is_an_error(model_file: Path) -> None:
    broken = ScoredImage("x.jpg", None, "x.jpg: not an image")
    some, none = judge_lesions([broken, *rows(0.5), broken], ["a", "a", "b"], POINT)
    assert (some.decision, some.errors) == ("melanoma", ("x.jpg: not an image",))
    model = load(model_file)
    values = row_dict(none, model)
    assert {key for key, value in values.items() if value is None} >= {"probability", "decision", "lowest"}
    assert values["error"] == "x.jpg: not an image"


def test_the_table_has_what_json_has(model_file: Path) -> None:
    model = load(model_file)
    lesions = judge_lesions(rows(0.1, 0.8, 0.5), ["=1+1", "=1+1", "b"], POINT)
    read = list(csv.DictReader(io.StringIO(table(lesions, model))))
    assert tuple(read[0]) == COLUMNS == tuple(row_dict(lesions[0], model))
    assert read[0]["lesion"] == "'=1+1"
    assert float(read[0]["probability"]) == pytest.approx(0.4)
    assert (read[0]["photographs"], read[0]["flagged_alone"]) == ("2", "1")
    assert np.isclose(float(read[1]["highest"]), 0.5)


def test_an_adapted_model_has_a_threshold_of_its_own_for_lesions(
    model_file: Path, tmp_path: Path, changed_model: Callable[[Callable[[Any], object]], bytes]
) -> None:
    assert lesion_point(load(model_file), None, None).name == "sensitivity_0.90"
    info = load(model_file).info
    own = ChosenThreshold("sensitivity_0.90_lesions", 0.35, 0.9, 0.8)
    text = replace(info, thresholds=(*info.thresholds, own)).to_json()

    def describe(model: Any) -> None:
        (entry,) = [entry for entry in model.metadata_props if entry.key == "dermdistill"]
        entry.value = text

    adapted = tmp_path / "adapted.onnx"
    adapted.write_bytes(changed_model(describe))
    point = lesion_point(load(adapted, refer_below=0.5), adapted, None)
    assert (point.name, point.threshold, point.refer_below) == ("sensitivity_0.90_lesions", 0.35, 0.5)
    assert lesion_point(load(adapted, operating_point="youden"), adapted, None).name == "youden"
