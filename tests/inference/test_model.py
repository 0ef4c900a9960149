import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dermdistill
from dermdistill.data.images import read_image
from dermdistill.errors import UserError
from dermdistill.inference.model import ImageInput, Model
from dermdistill.inference.onnx import OnnxModel


@pytest.fixture(scope="module")
def model(model_file: Path) -> Model:
    return dermdistill.load(model_file)


def test_paths_pictures_and_arrays_get_the_same_answer(model: Model, photographs: Path) -> None:
    path = photographs / "photo1.jpg"
    with Image.open(path) as picture:
        mixed: list[ImageInput] = [path, str(path), picture, np.asarray(picture)]
        answers = model.predict(mixed)
        alone = [model.predict(one)[0] for one in mixed]
    assert answers == alone
    assert len({answer.probability for answer in answers}) == 1
    assert answers[0].probability == pytest.approx(answers[0].diagnoses["melanoma"])
    assert sum(answers[0].diagnoses.values()) == pytest.approx(1, abs=1e-6)
    assert answers[0].model_id == model.model_id


def test_the_order_is_kept_and_many_threads_agree(model: Model, photographs: Path) -> None:
    paths = sorted(photographs.iterdir()) * 20
    together = [answer.probability for answer in model.predict(paths)]
    assert together == [model.predict_file(path).probability for path in paths]
    assert len(set(together)) == 5
    with ThreadPoolExecutor(4) as pool:
        assert all(answers == model.predict(paths) for answers in pool.map(model.predict, [paths] * 4))


def test_an_array_of_images_is_as_many(model: Model) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 30, 40, 3), dtype=np.uint8)
    assert model.predict(images) == [model.score(image) for image in images]


def test_the_decision_is_that_of_the_operating_point(model_file: Path, photographs: Path) -> None:
    path = photographs / "photo0.jpg"
    probability = dermdistill.load(model_file).predict(path)[0].probability
    at = dermdistill.load(model_file, threshold=probability).predict(path)[0]
    above = dermdistill.load(model_file, threshold=math.nextafter(probability, 1)).predict(path)[0]
    assert (at.decision, above.decision) == ("melanoma", "other")
    assert at.operating_point.name == "given"


def test_prevalence_moves_probabilities_and_no_decision(model_file: Path, photographs: Path) -> None:
    """One third of the model's validation images are melanomas."""
    paths = sorted(photographs.iterdir())
    trained = dermdistill.load(model_file, threshold="youden")
    rare = dermdistill.load(model_file, threshold="youden", prevalence=0.02)
    for before, after in zip(trained.predict(paths), rare.predict(paths), strict=True):
        p = before.probability
        odds = p / (1 - p) / (1 / 2) * (0.02 / 0.98)
        assert after.probability == pytest.approx(odds / (1 + odds), rel=1e-5)
        assert sum(after.diagnoses.values()) == pytest.approx(1, abs=1e-6)
        assert after.decision == before.decision
    point = rare.operating_point
    assert point.threshold < trained.operating_point.threshold
    assert (point.sensitivity, point.specificity) == (0.5, 0.75)
    same = dermdistill.load(model_file, prevalence=0.02, threshold=point.threshold).operating_point
    assert (same.sensitivity, same.specificity) == (0.5, 0.75)  # as at 0.4 before


def test_warnings(model: Model, tmp_path: Path) -> None:
    def warned(pixels: np.ndarray, name: str = "x.png") -> str:
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / name)
        return " | ".join(model.predict(tmp_path / name)[0].warnings)

    skin = np.array([200, 150, 130]) + np.random.default_rng(0).normal(0, 25, (60, 60, 1)) * [1, 1, 1]
    skin = skin.clip(0, 255)
    assert warned(skin) == ""
    assert warned(skin[:20]) == "small: 60 x 20 pixels, the model looks at 24 x 24"
    assert warned(skin[:, :, 0]).startswith("not in colour as photographed: greyscale")
    assert "blurred" in warned(np.full((60, 60, 3), [200, 150, 130]))
    assert "unlike 99 of 100 training images" in warned(skin * [0, 1, 0])


def test_a_large_jpeg_is_decoded_at_less_and_answered_the_same(model: Model, tmp_path: Path) -> None:
    """24 px wanted, at least 36 decoded: 600 x 450 comes down by 8 to 75 x 57."""
    rng = np.random.default_rng(0)
    small = rng.integers(60, 220, (9, 12, 3), dtype=np.uint8)
    photograph = Image.fromarray(small).resize((600, 450), Image.Resampling.BICUBIC)
    photograph.save(tmp_path / "large.jpg", quality=95)
    assert read_image(tmp_path / "large.jpg", at_least=model.decoded_side).pixels.shape == (57, 75, 3)
    full = model.score(read_image(tmp_path / "large.jpg").pixels)
    reduced = model.predict_file(tmp_path / "large.jpg")
    assert reduced.probability == pytest.approx(full.probability, abs=0.005)
    assert reduced.warnings == full.warnings


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (np.zeros((5, 5), np.uint8), ValueError, r"pixels are uint8 \(5, 5\); expected"),
        (np.zeros((5, 5, 4), np.uint8), ValueError, r"\(5, 5, 4\); expected uint8 \(H, W, 3\)"),
        (np.zeros((5, 5, 3)), ValueError, "float64"),
        ([3], TypeError, "int is no image"),
        (["gone.jpg"], UserError, "gone.jpg: no such image file"),
    ],
)
def test_what_is_no_image(model: Model, image: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        model.predict(image)  # type: ignore[arg-type]


def test_a_run_is_known_by_its_one_float_model(model_file: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    (run / "export").mkdir(parents=True)
    with pytest.raises(UserError, match=r"holds no exported model; make one with `dermdistill export"):
        dermdistill.load(run)
    for name in ("a.onnx", "a.int8.onnx"):
        (run / "export" / name).write_bytes(model_file.read_bytes())
    assert dermdistill.load(run).model_id == dermdistill.load(model_file).model_id
    (run / "export" / "b.onnx").write_bytes(model_file.read_bytes())
    with pytest.raises(UserError, match=r"holds several models; give one of .*a\.onnx, .*b\.onnx"):
        dermdistill.load(run)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.onnx", None, "cannot read the model"),
        ("junk.onnx", b"junk", "cannot read it as an ONNX model; expected a .onnx file made by"),
        ("empty.onnx", b"", "cannot read it as an ONNX model"),
        (
            "weights.safetensors",
            b"x",
            "weights for PyTorch; make a model of its run with `dermdistill export`",
        ),
    ],
)
def test_models_that_are_none(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        dermdistill.load(tmp_path / name)


def test_a_model_cut_short_or_of_another_program(
    model_file: Path, changed_model: Callable[..., bytes]
) -> None:
    with pytest.raises(UserError, match="cannot read it as an ONNX model"):
        OnnxModel(model_file.read_bytes()[:-1000], "m.onnx")
    with pytest.raises(UserError, match="an ONNX model of another program"):
        OnnxModel(changed_model(lambda model: model.metadata_props.pop()), "m.onnx")
    with pytest.raises(UserError, match=r"m\.onnx: its model description is damaged"):
        OnnxModel(changed_model(lambda model: setattr(model.metadata_props[0], "value", "{}")), "m.onnx")


@pytest.mark.parametrize("prevalence", [0, 1, -0.5, 2])
def test_prevalences_that_are_none(model_file: Path, prevalence: float) -> None:
    with pytest.raises(UserError, match="expected a share between 0 and 1"):
        dermdistill.load(model_file, prevalence=prevalence)


def test_the_package_offers_no_more_than_it_says() -> None:
    with pytest.raises(AttributeError, match="no attribute 'train'"):
        dermdistill.train  # noqa: B018
