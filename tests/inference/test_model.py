import copy
import io
import math
import multiprocessing
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dermdistill
from dermdistill.errors import UserError
from dermdistill.inference.image_input import ImageInput
from dermdistill.inference.model import Model
from dermdistill.inference.onnx import OnnxModel


@pytest.fixture(scope="module")
def model(model_file: Path) -> Model:
    return dermdistill.load(model_file)


def test_the_order_is_kept_and_many_threads_agree(model: Model, photographs: Path) -> None:
    paths = sorted(photographs.iterdir()) * 20
    together = [answer.probability for answer in model.predict(paths)]
    assert together == [model.predict_file(path).probability for path in paths]
    assert len(set(together)) == 5
    with ThreadPoolExecutor(4) as pool:
        assert all(answers == model.predict(paths) for answers in pool.map(model.predict, [paths] * 4))


def test_one_broken_image_does_not_lose_the_others(model: Model, photographs: Path) -> None:
    good = photographs / "photo0.jpg"
    content = good.read_bytes()
    images: list[ImageInput] = [good, photographs / "gone.jpg", content, content[:-300], io.BytesIO(b"text")]
    answers = model.predict(images, errors="return")
    assert answers[0] == answers[2] == model.predict(good)[0]
    assert [str(answers[i]) for i in (1, 3, 4)] == [
        f"{photographs / 'gone.jpg'}: no such image file",
        "images[3]: damaged JPEG (Premature end of JPEG file); copy or download it again",
        "images[4]: not an image; expected one of JPEG, PNG, TIFF, WEBP, BMP, GIF or DICOM, "
        "whatever its name ends in",
    ]
    assert all(isinstance(answers[i], dermdistill.UserError) for i in (1, 3, 4))
    (alone,) = model.predict(content[:-300], errors="return")
    assert str(alone).startswith("image: damaged JPEG")
    with pytest.raises(UserError, match=r"gone\.jpg: no such image file"):
        model.predict(images)
    with pytest.raises(ValueError, match="errors is 'ignore'; expected 'raise' or 'return'"):
        model.predict(images, errors="ignore")  # type: ignore[call-overload]


def test_a_generator_may_close_what_it_gave(model: Model) -> None:
    """As one that walks through an archive or a film does."""

    def frames() -> Iterator[Image.Image]:
        for shade in range(40):
            stream = io.BytesIO()
            Image.new("RGB", (60, 45), (6 * shade, 90, 120)).save(stream, "PNG" if shade % 2 else "JPEG")
            with Image.open(stream) as image:
                yield image
            stream.close()

    answers = model.predict(frames())
    assert answers == model.predict([frame.copy() for frame in frames()])
    assert len({answer.probability for answer in answers}) > 20


def test_it_can_be_copied_and_sent_to_other_processes(model_file: Path, photographs: Path) -> None:
    paths = sorted(photographs.iterdir())
    model = dermdistill.load(model_file, operating_point="youden", prevalence=0.02)
    expected = model.predict(paths)
    for another in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert another.predict(paths) == expected
        assert another.operating_point == model.operating_point
    for method in ("spawn", "fork"):
        if method in multiprocessing.get_all_start_methods():
            assert in_another_process(method, model, paths) == expected


def in_another_process(method: str, model: Model, paths: list[Path]) -> list[dermdistill.Prediction]:
    with warnings.catch_warnings():
        # Python 3.12 warns of every fork beside threads, and libraries have some.
        warnings.simplefilter("ignore", DeprecationWarning)
        with multiprocessing.get_context(method).Pool(1) as pool:
            return list(pool.apply(model.predict, (paths,)))


def test_an_array_of_images_is_as_many(model: Model) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 30, 40, 3), dtype=np.uint8)
    assert model.predict(images) == [model.score(image) for image in images]


def test_the_decision_is_that_of_the_operating_point(model_file: Path, photographs: Path) -> None:
    path = photographs / "photo0.jpg"
    probability = dermdistill.load(model_file).predict(path)[0].probability
    at = dermdistill.load(model_file, operating_point=probability).predict(path)[0]
    above = dermdistill.load(model_file, operating_point=math.nextafter(probability, 1)).predict(path)[0]
    assert (at.decision, above.decision) == ("melanoma", "other")
    assert at.operating_point.name == "given"


def test_prevalence_moves_probabilities_and_no_decision(model_file: Path, photographs: Path) -> None:
    """One third of the model's validation images are melanomas."""
    paths = sorted(photographs.iterdir())
    trained = dermdistill.load(model_file, operating_point="youden")
    rare = dermdistill.load(model_file, operating_point="youden", prevalence=0.02)
    for before, after in zip(trained.predict(paths), rare.predict(paths), strict=True):
        p = before.probability
        odds = p / (1 - p) / (1 / 2) * (0.02 / 0.98)
        assert after.probability == pytest.approx(odds / (1 + odds), rel=1e-5)
        assert sum(after.diagnoses.values()) == pytest.approx(1, abs=1e-6)
        assert after.decision == before.decision
    point = rare.operating_point
    assert point.threshold < trained.operating_point.threshold
    assert (point.sensitivity, point.specificity) == (0.5, 0.75)
    same = dermdistill.load(model_file, prevalence=0.02, operating_point=point.threshold).operating_point
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
    assert warned(skin * [0, 1, 0]).startswith("not a dermoscopic photograph?")


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (np.zeros((5, 5), np.uint8), ValueError, r"pixels are uint8 \(5, 5\); expected"),
        (np.zeros((5, 5, 4), np.uint8), ValueError, r"\(5, 5, 4\); expected uint8 \(H, W, 3\)"),
        (np.zeros((5, 5, 3)), ValueError, "float64"),
        (
            [3],
            TypeError,
            "int is not an image; expected a path, bytes, a binary file object, a Pillow image",
        ),
        (3, TypeError, "int is neither an image nor several"),
        ([np.zeros((5, 5))], ValueError, "float64"),
        (["gone.jpg"], UserError, "gone.jpg: no such image file"),
    ],
)
def test_what_is_no_image(model: Model, image: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        model.predict(image)  # type: ignore[call-overload]


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


def test_runtime_reports_to_nobody(tmp_path: Path) -> None:
    """ONNX Runtime keeps what it wants to send to Microsoft in a file below the home folder."""
    program = "import dermdistill; dermdistill.load()"
    environment = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    for variable in ("CI", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        environment.pop(variable, None)
    subprocess.run([sys.executable, "-B", "-c", program], check=True, env=environment)
    assert list(tmp_path.rglob("*")) == []
