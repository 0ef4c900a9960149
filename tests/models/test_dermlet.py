from typing import Any

import pytest
import timm
import torch
from torch import nn

from dermdistill.models import cost
from dermdistill.models.dermlet import Dermlet


def test_it_keeps_within_the_budget_of_parameters() -> None:
    assert cost.parameters(Dermlet(7)) <= 260_000
    assert cost.parameters(Dermlet(2)) < cost.parameters(Dermlet(7))


@pytest.mark.parametrize("size", [18, 64, 97, 128])
def test_any_size_and_number_of_classes(size: int) -> None:
    network = Dermlet(5).eval()
    assert network(torch.zeros(2, 3, size, size)).shape == (2, 5)


def test_it_is_the_beginning_of_efficientnet_lite0() -> None:
    """timm's variant with symmetric padding computes the same features from the same tensors."""
    torch.manual_seed(0)
    lite0: Any = timm.create_model("efficientnet_lite0", num_classes=0, bn_eps=1e-3).eval()
    network = Dermlet(7).eval()
    network.start_from(lite0.state_dict())
    images = torch.randn(2, 3, 96, 96)
    with torch.no_grad():
        expected = lite0.blocks[:4](lite0.bn1(lite0.conv_stem(images)))
        torch.testing.assert_close(network.features(images), expected)
    assert expected.shape == (2, 80, 6, 6)
    assert expected.abs().max() > 0.1


def test_every_convolution_has_a_batch_norm_to_fold() -> None:
    layers = [layer for layer in Dermlet(7).modules() if not list(layer.children())]
    for layer, following in zip(layers, [*layers[1:], nn.Identity()], strict=True):
        if isinstance(layer, nn.Conv2d):
            assert layer.bias is None
            assert isinstance(following, nn.BatchNorm2d)
            assert following.num_features == layer.out_channels


def test_only_relu6_so_that_small_integers_serve() -> None:
    kinds = {type(layer) for layer in Dermlet(7).modules() if not list(layer.children())}
    assert kinds == {
        nn.Conv2d,
        nn.BatchNorm2d,
        nn.BatchNorm1d,
        nn.ReLU6,
        nn.AdaptiveAvgPool2d,
        nn.Flatten,
        nn.Dropout,
        nn.Linear,
    }


def test_every_parameter_learns() -> None:
    network = Dermlet(3)
    network(torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))).square().mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_an_output_sees_the_whole_image_at_128_px() -> None:
    """The gradient of one output position of the last feature map reaches beyond a half of the image."""
    network = Dermlet(3).eval()
    images = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(0), requires_grad=True)
    features = network.features(images)
    features[0, :, features.shape[2] // 2, features.shape[3] // 2].sum().backward()
    assert images.grad is not None
    seen = images.grad.abs().sum(dim=1)[0] > 0
    assert seen.any(dim=0).float().mean() > 0.8
