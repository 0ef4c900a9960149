"""The model that comes with the package, as its card describes it."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import dermdistill
from dermdistill.data.images import resize
from dermdistill.data.packed_hashes import unpack_hashes
from dermdistill.data.sources import synthetic
from dermdistill.export.other_pictures import drawn
from dermdistill.inference.model import SHIPPED
from dermdistill.inference.onnx import OnnxModel
from dermdistill.models.checkpoint import load_weights
from dermdistill.models.cost import parameters
from dermdistill.models.torch_predictor import TorchPredictor

WEIGHTS = SHIPPED.parent


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    """Drawn lesions: real images are not at hand everywhere."""
    size = dermdistill.load().info.input.size
    records = synthetic.read(20, size=size, difficulty=0.3, seed=3).records
    return np.stack([resize(record.image.decode(), size) for record in records])


def test_it_is_small() -> None:
    assert parameters(load_weights(WEIGHTS / "dermlet.safetensors")[0]) == 254_711
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 3_000_000
    assert (WEIGHTS / "dermlet.int8.onnx").stat().st_size < 450_000


def test_three_files_say_the_same(pixels: np.ndarray) -> None:
    network, info = load_weights(WEIGHTS / "dermlet.safetensors")
    trained = TorchPredictor(network, info, torch.device("cpu")).predict(pixels)
    shipped = OnnxModel.read(SHIPPED)
    assert shipped.info == info
    assert np.ptp(trained[:, info.melanoma]) > 0.01
    np.testing.assert_allclose(shipped.predict(pixels), trained, atol=1e-4)
    small = OnnxModel.read(WEIGHTS / "dermlet.int8.onnx").predict(pixels)
    assert np.abs(small - trained)[:, info.melanoma].max() < 0.1


def test_it_knows_all_that_predict_says() -> None:
    model = dermdistill.load()
    assert len(model.info.classes) == 7
    assert model.operating_point.name == "sensitivity_0.90"
    assert model.operating_point.sensitivity >= 0.9
    assert 0.05 < model.prevalence < 0.15
    assert model.info.reference is not None
    assert model.info.detector is not None
    assert model.info.provenance["recipe"] == "student"


@pytest.mark.parametrize("path", sorted(WEIGHTS.glob("*.onnx")), ids=lambda path: path.name)
def test_pages_noise_and_empty_fields_are_not_taken_for_photographs(path: Path, pixels: np.ndarray) -> None:
    """Drawn as for the fit, with another seed; dermoscopic photographs are tested where they are at hand."""
    model = OnnxModel.read(path)
    assert model.info.detector is not None
    found = model.info.detector.exceeded(model.detector(drawn(pixels, seed=11)[:120]))
    assert found.mean() > 0.95


def test_every_file_knows_its_training_images() -> None:
    described = [OnnxModel.read(path).info for path in WEIGHTS.glob("*.onnx")]
    tables = {info.learned_from for info in (*described, load_weights(WEIGHTS / "dermlet.safetensors")[1])}
    assert len(tables) == 1
    # Training and validation images of the card, those that look alike counted once.
    assert 0.995 * 10_576 < len(unpack_hashes(tables.pop() or "")) <= 10_576


def test_every_file_knows_how_frequent_the_diagnoses_were() -> None:
    described = [OnnxModel.read(path).info for path in WEIGHTS.glob("*.onnx")]
    described.append(load_weights(WEIGHTS / "dermlet.safetensors")[1])
    (frequencies,) = {info.frequencies for info in described}
    assert frequencies is not None
    for info in described:
        assert info.validation is not None
        assert frequencies[info.melanoma] == pytest.approx(info.validation.prevalence)
        assert info.classes[int(np.argmax(frequencies))] == "nevus"


@pytest.mark.parametrize("path", sorted(WEIGHTS.glob("*.onnx")), ids=lambda path: path.name)
def test_nothing_of_the_machine_that_trained_it(path: Path) -> None:
    content = path.read_bytes()
    for trace in (b"/home", b"/root", b"/work", b"/tmp", b"site-packages", b"stack_trace"):
        assert trace not in content
    assert [entry.key for entry in onnx.load(path).metadata_props] == ["dermdistill"]


def test_the_card_names_licence_data_and_limits() -> None:
    card = (WEIGHTS / "README.md").read_text(encoding="utf-8")
    for needed in ("CC BY-NC 4.0", "doi:10.7910/DVN/DBW86T", "254,711", "not a medical device"):
        assert needed in card
