"""The six networks of the paper, counted against Keras; every difference is explained by counting it."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from dermdistill.models import cost
from dermdistill.models.registry import build

CLASSES = 2

# What Keras 2 prints for `keras.applications.<Network>(include_top=False)`, statistics included.
KERAS_BACKBONES = {
    "mobilenetv1_100": 3_228_864,
    "vgg16": 14_714_688,
    "inception_v3": 21_802_784,
    "efficientnet_b0": 4_049_571,
    "resnet50": 23_587_712,
    "resnet101": 42_658_176,
}

# Table 2 of the paper, trainable parameters in millions, cut (not rounded) to the digits given.
PAPER_MILLIONS = {
    "mobilenetv1_100": "3.2",
    "vgg16": "14.7",
    "inception_v3": "21.7",
    "efficientnet_b0": "4.0",
    "resnet50": "23.5",
    "resnet101": "42.5",
}


def norms(network: nn.Module) -> list[nn.Module]:
    return [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]


def statistics(network: nn.Module) -> int:
    """Running means and variances: Keras counts them as parameters that are not trained."""
    return sum(
        buffer.numel()
        for name, buffer in network.named_buffers()
        if name.endswith(("running_mean", "running_var"))
    )


def nothing(_: nn.Module) -> int:
    return 0


def biases_of_convolutions(backbone: nn.Module) -> int:
    """Keras' ResNets keep a bias in every convolution, which the batch norm behind it makes useless."""
    return sum(
        module.out_channels
        for module in backbone.modules()
        if isinstance(module, nn.Conv2d) and module.bias is None
    )


def scales_of_norms(backbone: nn.Module) -> int:
    """Keras' Inception-V3 norms without a scale (``scale=False``): the next convolution can learn it."""
    return -sum(norm.weight.numel() for norm in norms(backbone) if isinstance(norm.weight, torch.Tensor))


def normalisation_layer(_: nn.Module) -> int:
    """Keras' EfficientNet normalises inside: means and variances of three channels, and a counter."""
    return 3 + 3 + 1


KERAS_HAS_MORE: dict[str, Callable[[nn.Module], int]] = {
    "mobilenetv1_100": nothing,
    "vgg16": nothing,
    "inception_v3": scales_of_norms,
    "efficientnet_b0": normalisation_layer,
    "resnet50": biases_of_convolutions,
    "resnet101": biases_of_convolutions,
}


def on_no_device(name: str) -> tuple[nn.Module, nn.Module]:
    """A network under the paper's head, and its backbone; without memory for the weights."""
    with torch.device("meta"):
        network = build(name, CLASSES, 224)
    backbone = network.get_submodule("backbone")
    return network, backbone


@pytest.mark.parametrize("name", KERAS_BACKBONES)
def test_backbone_has_keras_parameters_but_for_what_is_explained(name: str) -> None:
    _, backbone = on_no_device(name)
    difference = KERAS_HAS_MORE[name](backbone)
    assert cost.parameters(backbone) + statistics(backbone) + difference == KERAS_BACKBONES[name]


@pytest.mark.parametrize(
    ("name", "difference"), [("resnet50", 26_560), ("resnet101", 52_672), ("inception_v3", -17_216)]
)
def test_the_differences_in_figures(name: str, difference: int) -> None:
    assert KERAS_HAS_MORE[name](on_no_device(name)[1]) == difference


@pytest.mark.parametrize("name", KERAS_BACKBONES)
def test_head_is_the_papers(name: str) -> None:
    """Batch norm and dense layer over f features: scale and shift, then weights and biases."""
    network, backbone = on_no_device(name)
    features = backbone.num_features
    assert isinstance(features, int)
    assert cost.parameters(network) - cost.parameters(backbone) == 2 * features + CLASSES * (features + 1)


@pytest.mark.parametrize("name", PAPER_MILLIONS)
def test_trainable_parameters_are_those_of_the_papers_table(name: str) -> None:
    """As Keras would count them: trained parameters, with the head, without what Keras does not train."""
    network, backbone = on_no_device(name)
    untrained = normalisation_layer(backbone) if name == "efficientnet_b0" else 0
    keras = cost.parameters(network) + KERAS_HAS_MORE[name](backbone) - untrained
    assert f"{keras // 100_000 / 10}" == PAPER_MILLIONS[name]


def test_the_papers_teacher_with_its_head() -> None:
    network, backbone = on_no_device("resnet50")
    assert cost.parameters(network) + statistics(network) + biases_of_convolutions(backbone) == 23_600_002


@pytest.mark.parametrize("name", ["vgg11_bn", "vgg16"])
def test_vgg_is_its_convolutions_and_takes_small_images(name: str) -> None:
    with torch.device("meta"):
        network = build(name, CLASSES, 64)
        assert network(torch.zeros(2, 3, 64, 64)).shape == (2, CLASSES)
        assert network.get_submodule("backbone")(torch.zeros(2, 3, 64, 64)).shape == (2, 512)
