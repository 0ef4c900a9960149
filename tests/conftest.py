import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

# Two test processes share the machine; more threads than cores would only wait for each other. Must be set
# before anything imports torch.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from PIL import Image

from dermdistill.cli import main
from dermdistill.data.images import InputSpec
from dermdistill.inference.calibration import Calibration
from dermdistill.inference.detector import DetectorLimits
from dermdistill.inference.model_info import ChosenThreshold, ModelInfo, ValidationScores
from dermdistill.inference.reference import Reference

if TYPE_CHECKING:
    from onnx import ModelProto

HAS_TORCH = find_spec("torch") is not None

if HAS_TORCH and os.environ.get("DERMDISTILL_TEST_ONEDNN") == "off":
    import torch

    torch.backends.mkldnn.set_flags(_enabled=False)  # type: ignore[no-untyped-call]

_TRAINING_HALF = re.compile(
    r"^(?:from|import) (?:torch|onnx|timm|dcurves|fairlearn|statsmodels|rich|"
    r"(?:dermdistill|tests)\.(?:models|distillation|training|export|benchmark|pipeline))\b",
    re.MULTILINE,
)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Without PyTorch only the light half can be tested: files that import nothing of the other."""
    file = collection_path / "conftest.py" if collection_path.is_dir() else collection_path
    is_heavy = not HAS_TORCH and file.is_file() and _TRAINING_HALF.search(file.read_text()) is not None
    return is_heavy or None


@pytest.fixture(scope="session", autouse=True)
def _caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the caches of all tests lie, and that of the fixtures which tests share: never the user's."""
    folder = tmp_path_factory.mktemp("caches")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DERMDISTILL_CACHE", str(folder / "shared"))
        yield folder


_NUMBERS = count()


@pytest.fixture(autouse=True)
def _own_cache(_caches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a cache of its own."""
    monkeypatch.setenv("DERMDISTILL_CACHE", str(_caches / str(next(_NUMBERS))))


@dataclass(frozen=True)
class Outcome:
    """What a command left for its user."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run ``dermdistill ARGUMENTS`` in this process."""

    def call(*arguments: object) -> Outcome:
        code = exit_code(monkeypatch, *arguments)
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


def exit_code(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """The same for fixtures that several tests share."""
    monkeypatch.setattr(sys, "argv", ["dermdistill", *map(str, arguments)])
    try:
        main()
    except SystemExit as stopped:
        return int(stopped.code or 0)
    return 0


@pytest.fixture
def image_folder(tmp_path: Path) -> Callable[..., Path]:
    """Make a class-named folder of small JPEGs (``write_images``)."""
    return lambda **images_of: write_images(tmp_path / "lesions", **images_of)


def write_images(folder: Path, **images_of: int) -> Path:
    """So many JPEGs of each diagnosis that a network can distinguish by colour."""
    rng = np.random.default_rng(0)
    for shade, (diagnosis, number) in enumerate(images_of.items()):
        (folder / diagnosis).mkdir(parents=True)
        for i in range(number):
            pixels = rng.integers(0, 120, (40, 40, 3), dtype=np.uint8)
            pixels[..., shade % 3] += 100
            Image.fromarray(pixels).save(folder / diagnosis / f"{diagnosis}{i}.jpg")
    return folder


DIAGNOSES = ("benign keratosis", "melanoma", "nevus")


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported DSNet at 24 px of three diagnoses, untrained: all that ``predict`` needs, in a second.

    Without PyTorch it is the file that DERMDISTILL_TEST_MODEL names.
    """
    path = tmp_path_factory.mktemp("model") / "dsnet.onnx"
    if HAS_TORCH:
        write_model(path)
    elif "DERMDISTILL_TEST_MODEL" in os.environ:
        path.write_bytes(Path(os.environ["DERMDISTILL_TEST_MODEL"]).read_bytes())
    else:
        pytest.skip("without PyTorch this test needs a model: DERMDISTILL_TEST_MODEL")
    return path


def write_model(path: Path) -> None:
    """Write what the fixture ``model_file`` describes; needs PyTorch."""
    import torch

    from dermdistill.export.detector import Detector
    from dermdistill.export.detector_fit import FeatureFile
    from dermdistill.export.graph import assemble
    from dermdistill.export.network import to_onnx
    from dermdistill.models.dsnet import DSNet

    torch.manual_seed(0)
    network = to_onnx(DSNet(24, 3), 24)
    info = ModelInfo(
        "dsnet",
        DIAGNOSES,
        InputSpec(24),
        thresholds=(
            ChosenThreshold("argmax", None),
            ChosenThreshold("youden", 0.4, 0.5, 0.75),
            ChosenThreshold("sensitivity_0.90", 0.3, 1.0, 0.5),
        ),
        calibration=Calibration(1.5, -0.25),
        validation=ValidationScores(melanoma=(0.35, 0.6), other=(0.1, 0.2, 0.35, 0.45)),
        reference=Reference(blurred=-14.0),
        provenance={"data": "none: untrained"},
    )
    # Skin-coloured noise is dermoscopic to it, whatever its contrast; black and green pictures are not.
    rng = np.random.default_rng(0)
    noise = rng.uniform(0, 30, (40, 1, 1, 1)) * rng.normal(0, 1, (40, 24, 24, 1))
    seen = FeatureFile.of(network, info)
    assert seen is not None
    features = seen.features((np.array([200, 150, 130]) + noise).clip(0, 255).astype(np.uint8))
    detector = Detector(
        weights=np.zeros((features.shape[1], 1), np.float32),
        biases=np.array([-1.0], np.float32),
        centre=features.mean(axis=0).astype(np.float32),
        whitening=np.eye(seen.last, dtype=np.float32),
    )
    limits = DetectorLimits(log_odds=0.0, distance=2 * float(detector.answers(features)[:, 1].max()))
    content = assemble(network, replace(info, detector=limits), detector)
    path.write_bytes(content.SerializeToString())


@pytest.fixture
def changed_model(model_file: Path) -> "Callable[[Callable[[ModelProto], object]], bytes]":
    """The bytes of ``model_file`` after a change of its ONNX content."""
    onnx = pytest.importorskip("onnx")

    def change(by: "Callable[[ModelProto], object]") -> bytes:
        model = onnx.load(model_file)
        by(model)
        content: bytes = model.SerializeToString()
        return content

    return change


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A folder of five JPEGs of 60 x 45 pixels, a blob on skin each, all different."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    rng = np.random.default_rng(1)
    for i in range(5):
        skin = np.array([200, 150, 130]) + rng.normal(0, 8, (45, 60, 1))
        row, column = np.mgrid[:45, :60]
        inside = (row - 22) ** 2 + (column - 25 - 3 * i) ** 2 < (8 + i) ** 2
        pixels = np.where(inside[..., None], skin - 80, skin).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"photo{i}.jpg", quality=95)
    return folder
