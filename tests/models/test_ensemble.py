from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dermdistill.data.images import InputSpec
from dermdistill.distillation.teacher import FrozenTeacher
from dermdistill.errors import UserError
from dermdistill.inference.model_info import ModelInfo, joint_architecture, member_networks
from dermdistill.models import cost
from dermdistill.models.checkpoint import load_weights, read_info, save_weights
from dermdistill.models.ensemble import Ensemble
from dermdistill.models.registry import build

INFO = ModelInfo("dsnet*2", ("other", "melanoma"), InputSpec(24))


class Constant(nn.Module):
    """The same logits whatever the image."""

    def __init__(self, *logits: float) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))

    def forward(self, images: Tensor) -> Tensor:
        return self.logits.expand(len(images), -1)


def test_logits_are_the_mean_of_the_members() -> None:
    network = Ensemble([Constant(0.0, 2.0), Constant(1.0, -1.0), Constant(5.0, 2.0)])
    assert network(torch.zeros(2, 3, 4, 4)).tolist() == [[2.0, 1.0]] * 2


def test_probabilities_are_the_normalised_geometric_mean_of_the_members() -> None:
    """Odds of 1/9 and of 1 give odds of 1/3."""
    network = Ensemble([Constant(float(np.log(0.9)), float(np.log(0.1))), Constant(0.0, 0.0)])
    assert network(torch.zeros(1, 3, 4, 4)).softmax(dim=1)[0].tolist() == pytest.approx([0.75, 0.25])


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = build("dsnet*2", 2, 24).eval()
    save_weights(tmp_path / "w.safetensors", network, INFO)
    loaded, info = load_weights(tmp_path / "w.safetensors")
    assert info == INFO == read_info(tmp_path / "w.safetensors")
    assert isinstance(loaded, Ensemble)
    images = torch.randn(3, 3, 24, 24)
    first, second = (member(images) for member in loaded.members)
    assert (first - second).abs().max() > 0.01
    saved = network.state_dict()
    assert all(torch.equal(tensor, saved[name]) for name, tensor in loaded.state_dict().items())
    torch.testing.assert_close(loaded(images), network(images))
    torch.testing.assert_close(FrozenTeacher(loaded)(images), network(images).detach())
    torch.testing.assert_close(loaded(images), (first + second) / 2)


def test_it_costs_what_its_members_cost() -> None:
    one, two = build("dsnet", 2, 24), build("dsnet*2", 2, 24)
    assert cost.parameters(two) == 2 * cost.parameters(one)
    assert cost.macs(two, 24) == 2 * cost.macs(one, 24)


def test_another_number_of_members_is_refused(tmp_path: Path) -> None:
    save_weights(tmp_path / "w.safetensors", build("dsnet*3", 2, 24), INFO)
    with pytest.raises(UserError, match=r"weights of another architecture than dsnet\*2"):
        load_weights(tmp_path / "w.safetensors")


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        ("dsnet", ["dsnet"]),
        ("tf_efficientnet_lite0*3", ["tf_efficientnet_lite0"] * 3),
        ("dsnet*12", ["dsnet"] * 12),
        ("dsnet+vgg16", ["dsnet", "vgg16"]),
        ("dsnet+vgg16*2+dsnet", ["dsnet", "vgg16", "vgg16", "dsnet"]),
        *((name, [name]) for name in ("dsnet*", "dsnet*1", "dsnet*x", "dsnet*-2", "*3", "dsnet*03")),
    ],
)
def test_the_name_of_an_ensemble(architecture: str, expected: list[str]) -> None:
    assert list(member_networks(architecture)) == expected
    assert joint_architecture(expected) == architecture


def test_members_of_different_kinds_are_saved_and_loaded_in_order(tmp_path: Path) -> None:
    torch.manual_seed(0)
    info = ModelInfo("test_resnet+dsnet", ("other", "melanoma"), InputSpec(24))
    network = build("test_resnet+dsnet", 2, 24).eval()
    save_weights(tmp_path / "w.safetensors", network, info)
    loaded, _ = load_weights(tmp_path / "w.safetensors")
    images = torch.randn(3, 3, 24, 24)
    with torch.no_grad():
        assert torch.allclose(loaded(images), network(images), atol=1e-6)
    assert cost.parameters(loaded) == sum(
        cost.parameters(build(name, 2, 24)) for name in ("test_resnet", "dsnet")
    )


def test_a_name_that_is_no_ensemble_is_no_network() -> None:
    with pytest.raises(UserError, match=r"'dsnet\*x': timm has no such model"):
        build("dsnet*x", 2, 24)
