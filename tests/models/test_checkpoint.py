import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from dermdistill.data.images import InputSpec
from dermdistill.errors import UserError
from dermdistill.inference.model_info import ChosenThreshold, ModelInfo
from dermdistill.models.checkpoint import load_weights, save_weights
from dermdistill.models.dsnet import DSNet
from dermdistill.models.torch_predictor import TorchPredictor

INFO = ModelInfo(
    architecture="dsnet",
    classes=("other", "melanoma"),
    input=InputSpec(24, (0.5, 0.4, 0.3), (0.2, 0.2, 0.2)),
    thresholds=(ChosenThreshold("argmax", 0.5), ChosenThreshold("youden", 0.125, 0.9, 0.8)),
    provenance={"data": "test"},
    learned_from="00000;>&_",
    frequencies=(0.75, 0.25),
)


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    network = DSNet(24, 2)
    saved = network.state_dict()
    save_weights(tmp_path / "w.safetensors", network, INFO)
    loaded, info = load_weights(tmp_path / "w.safetensors")
    assert info == INFO
    assert not loaded.training
    pixels = np.random.default_rng(0).integers(0, 256, (3, 24, 24, 3), dtype=np.uint8)
    cpu = torch.device("cpu")
    expected = TorchPredictor(network, INFO, cpu).predict(pixels)
    assert all(torch.equal(tensor, saved[name]) for name, tensor in loaded.state_dict().items())
    np.testing.assert_allclose(TorchPredictor(loaded, info, cpu).predict(pixels), expected, atol=1e-6)


def test_tensors_of_another_architecture_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(path, DSNet(32, 2), INFO)
    with pytest.raises(UserError, match=r"w\.safetensors: weights of another architecture than dsnet"):
        load_weights(path)


def test_damage_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(path, DSNet(24, 2), INFO)
    whole = path.read_bytes()
    for damaged in (b"", whole[:40], whole[:-7]):
        path.write_bytes(damaged)
        with pytest.raises(UserError, match=r"w\.safetensors: cannot read it as weights"):
            load_weights(path)


def test_weights_without_description_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file(DSNet(24, 2).state_dict(), path)
    with pytest.raises(UserError, match="no description of its model"):
        load_weights(path)


@pytest.mark.parametrize("missing", ["classes", "input", "thresholds"])
def test_an_incomplete_description_is_refused(tmp_path: Path, missing: str) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(path, DSNet(24, 2), INFO)
    description = json.loads(INFO.to_json())
    del description[missing]
    save_file(load_file(path), path, metadata={"dermdistill": json.dumps(description)})
    with pytest.raises(UserError, match=r"w\.safetensors: its model description is damaged"):
        load_weights(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such weights file"):
        load_weights(tmp_path / "gone.safetensors")


def test_published_output_squeezes_probabilities() -> None:
    """softmax of two probabilities lies between 1 / (1 + e) and e / (1 + e)."""
    squashed = ModelInfo("dsnet", INFO.classes, INFO.input, output="softmax-of-softmax")
    network = DSNet(24, 2)
    with torch.no_grad():
        network[-1].bias.copy_(torch.tensor([-50.0, 50.0]))  # type: ignore[operator]
    pixels = np.zeros((1, 24, 24, 3), dtype=np.uint8)
    result = TorchPredictor(network, squashed, torch.device("cpu")).predict(pixels)
    assert result[0] == pytest.approx([0.26894142, 0.73105858], abs=1e-6)
