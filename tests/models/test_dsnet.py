import pytest
import torch
from torch import nn

from dermdistill.models import cost
from dermdistill.models.dsnet import DSNet

# Keras' summary of the authors' network, channels last there: (output, parameters).
PAPER_LAYERS = [
    (nn.Conv2d, (128, 222, 222), 3_584),
    (nn.MaxPool2d, (128, 111, 111), 0),
    (nn.Conv2d, (64, 109, 109), 73_792),
    (nn.MaxPool2d, (64, 54, 54), 0),
    (nn.Conv2d, (32, 52, 52), 18_464),
    (nn.Dropout, (32, 52, 52), 0),
    (nn.Flatten, (86_528,), 0),
    (nn.Linear, (2,), 173_058),
]


def test_layers_are_those_of_the_papers_table() -> None:
    layers = [layer for layer in DSNet(224, 2) if not isinstance(layer, nn.ReLU)]
    images = torch.zeros(1, 3, 224, 224)
    assert len(layers) == len(PAPER_LAYERS)
    for layer, (kind, shape, parameters) in zip(layers, PAPER_LAYERS, strict=True):
        images = layer(images)
        assert isinstance(layer, kind)
        assert tuple(images.shape[1:]) == shape
        assert sum(p.numel() for p in layer.parameters()) == parameters


def test_every_convolution_is_followed_by_relu() -> None:
    layers = list(DSNet())
    after = [layers[i + 1] for i, layer in enumerate(layers) if isinstance(layer, nn.Conv2d)]
    assert all(isinstance(layer, nn.ReLU) for layer in after)


def test_cost_is_the_papers() -> None:
    assert cost.parameters(DSNet(224, 2)) == 268_898
    # 222*222*128*27 + 109*109*64*1152 + 52*52*32*576 + 86528*2, by hand.
    assert cost.macs(DSNet(224, 2), 224) == 170_325_504 + 875_962_368 + 49_840_128 + 173_056


@pytest.mark.parametrize(("size", "classes"), [(18, 2), (33, 7), (128, 3)])
def test_size_and_classes_are_parameters(size: int, classes: int) -> None:
    assert DSNet(size, classes)(torch.zeros(2, 3, size, size)).shape == (2, classes)


def test_too_small_images_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 18 px, not 17"):
        DSNet(17)


def test_initial_values_are_keras() -> None:
    torch.manual_seed(0)
    for layer in DSNet(64, 2):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(layer.weight)
            limit = (6 / (fan_in + fan_out)) ** 0.5
            assert layer.weight.abs().max() <= limit
            assert layer.weight.abs().max() > 0.9 * limit
            assert layer.bias is not None
            assert not layer.bias.any()
