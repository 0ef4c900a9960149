import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import dermdistill
from dermdistill.inference.decision import OperatingPointUsed
from dermdistill.inference.prediction import Prediction, probability_columns

from ..data.dicom_files import dataset, picture, written

POINT = OperatingPointUsed("youden", 0.1234567, 0.9, math.nan)
PREDICTION = Prediction(
    probability=0.12345678,
    decision="melanoma",
    operating_point=POINT,
    diagnoses={"benign keratosis": 0.8, "melanoma": 0.12345678, "nevus": 0.07654322},
    warnings=("small: 20 x 20 pixels", "blurred"),
    model_id="dsnet 0123",
    prevalence=0.1,
    path="a <b>.jpg",
)


def test_a_record_is_flat_json_of_six_digits() -> None:
    record = PREDICTION.to_dict()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record == {
        "path": "a <b>.jpg",
        "frame": None,
        "probability": 0.123457,
        "decision": "melanoma",
        "operating_point": "youden",
        "threshold": 0.123457,
        "validation_sensitivity": 0.9,
        "validation_specificity": None,
        "prevalence": 0.1,
        "p_benign_keratosis": 0.8,
        "p_melanoma": 0.123457,
        "p_nevus": 0.0765432,
        "model": "dsnet 0123",
        "warnings": ["small: 20 x 20 pixels", "blurred"],
    }


def test_a_binary_model_has_no_columns_of_classes() -> None:
    assert probability_columns(["other", "melanoma"]) == ()


def test_the_representation_is_short() -> None:
    assert repr(replace(PREDICTION, warnings=())) == (
        "Prediction(probability=0.1235, decision='melanoma', path='a <b>.jpg')"
    )
    assert repr(replace(PREDICTION, path=None)) == (
        "Prediction(probability=0.1235, decision='melanoma', warnings=['small: 20 x 20 pixels', 'blurred'])"
    )


def test_a_notebook_shows_a_table_with_all_text_escaped() -> None:
    shown = PREDICTION._repr_html_()
    assert "<caption>a &lt;b&gt;.jpg</caption>" in shown
    assert "<td>0.123</td>" in shown
    assert "<td>youden: melanoma from P = 0.123 on; of unknown sensitivity and specificity</td>" in shown
    assert shown.count("<th>warning</th>") == 2
    assert "not a medical device" in shown


def test_the_path_is_that_of_the_file_and_no_part_of_the_answer(model_file: Path, photographs: Path) -> None:
    model = dermdistill.load(model_file)
    path = photographs / "photo0.jpg"
    with Image.open(path) as opened:
        by_path, by_text, by_content, by_picture = model.predict([path, str(path), path.read_bytes(), opened])
    assert (by_path.path, by_text.path) == (str(path), str(path))
    assert (by_content.path, by_picture.path) == (None, None)
    assert by_path == by_text == by_content == by_picture
    assert by_path.prevalence == model.prevalence


def test_a_frame_is_named(model_file: Path, tmp_path: Path) -> None:
    film, pixels = tmp_path / "film.dcm", picture()
    both = pixels.tobytes() + pixels[::-1].tobytes()
    film.write_bytes(written(dataset(pixels, NumberOfFrames=2, PixelData=both)))
    prediction = dermdistill.load(model_file).predict_file(film, frame=2)
    assert (prediction.path, prediction.frame) == (str(film), 2)


def test_explain_takes_images_in_every_form(model_file: Path, photographs: Path) -> None:
    model = dermdistill.load(model_file)
    path = photographs / "photo0.jpg"
    explained = dermdistill.explain(path, model)
    again = dermdistill.explain(path.read_bytes(), model)
    assert explained.prediction == again.prediction == model.predict(path)[0]
    assert explained.prediction.path == str(path)
    assert explained.occlusion.importance.tobytes() == again.occlusion.importance.tobytes()
    record = explained.to_dict()
    assert record["views"] == len(explained.views.probabilities)
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_the_former_name_of_the_operating_point(model_file: Path) -> None:
    with pytest.warns(DeprecationWarning, match="operating_point"):
        model = dermdistill.load(model_file, threshold="youden")
    assert model.operating_point.name == "youden"


def test_help_shows_what_the_package_offers(capsys: pytest.CaptureFixture[str]) -> None:
    help(dermdistill)
    shown = capsys.readouterr().out
    for part in (
        "class Prediction(",
        "to_dict(self)",
        "class UserError(",
        "load(",
        "explain(",
        "class Model(",
    ):
        assert part in shown


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'predict'"):
        dermdistill.predict  # noqa: B018
