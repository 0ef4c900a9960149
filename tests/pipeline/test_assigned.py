from pathlib import Path

import numpy as np
import pytest

from dermdistill.config import Recipe
from dermdistill.data.images import ImageFile
from dermdistill.pipeline.assigned import Assigned, assign
from dermdistill.records import DataSet, Record, SplitName

DIAGNOSES = ["nevus"] * 1100 + ["melanoma"] * 100 + ["angioma"] * 3


def data_set() -> DataSet:
    """Two thirds of the images train; two angiomas train, one is a test image."""

    def split(i: int) -> SplitName:
        return "test" if i % 3 == 0 else "val" if i % 17 == 0 else "train"

    records = [
        Record(f"i{i}", ImageFile(Path(f"{i}.jpg")), f"l{i}", name, split=split(i))
        for i, name in enumerate(DIAGNOSES)
    ]
    return DataSet("a layout", None, tuple(records))


def assigned(capsys: pytest.CaptureFixture[str], target: str) -> tuple[Assigned, str]:
    recipe = Recipe.model_validate({"name": "r", "data": {"target": target}})
    result = assign(data_set(), recipe)
    return result, capsys.readouterr().err


def test_a_diagnosis_too_rare_to_learn_is_left_out_of_training_and_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dermdistill.distillation.targets._LEAST_SHARE", 1 / 100)
    result, said = assigned(capsys, "diagnoses")
    assert result.classes == ("melanoma", "nevus")
    angiomas = {"train": 1201, "test": 1200}
    assert "not learned and left out: angioma (2)" in said
    assert angiomas["train"] not in result.rows("train")
    assert angiomas["test"] in result.rows("test")  # judged as what is no melanoma
    pixels = np.zeros((len(DIAGNOSES), 1, 1, 3), dtype=np.uint8)
    assert set(result.labelled(pixels, "train").labels.tolist()) == {0, 1}


def test_melanoma_or_not_leaves_nothing_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dermdistill.distillation.targets._LEAST_SHARE", 1 / 100)
    result, said = assigned(capsys, "binary")
    assert 1201 in result.rows("train")
    assert not said
