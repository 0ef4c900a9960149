import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from dermdistill.training.averaging import average_weights


def network(seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 3), nn.BatchNorm2d(2)
    )


def images(batches: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(7)
    return [torch.rand(5, 3, 8, 8, generator=generator) * (i + 1) for i in range(batches)]


@pytest.mark.parametrize("members", [1, 2, 3])
def test_every_parameter_is_the_mean_of_the_members(members: int) -> None:
    weights = [network(seed).state_dict() for seed in range(members)]
    averaged = network(99)
    average_weights(averaged, weights, images(2))
    for name, parameter in averaged.named_parameters():
        mean = sum(member[name] for member in weights) / members
        torch.testing.assert_close(parameter.data, mean)


def test_batch_norm_has_the_mean_statistics_of_all_batches() -> None:
    averaged = network(99)
    average_weights(averaged, [network(0).state_dict(), network(1).state_dict()], images(3))
    first, norm, relu, second, last = averaged
    means: dict[nn.Module, list[Tensor]] = {norm: [], last: []}
    variances: dict[nn.Module, list[Tensor]] = {norm: [], last: []}
    for batch in images(3):
        for layer, x in ((norm, before := first(batch)), (last, second(relu(_normalised(norm, before))))):
            means[layer].append(x.mean(dim=(0, 2, 3)))
            variances[layer].append(x.var(dim=(0, 2, 3)))
    for layer in (norm, last):
        torch.testing.assert_close(layer.running_mean, torch.stack(means[layer]).mean(dim=0))
        torch.testing.assert_close(layer.running_var, torch.stack(variances[layer]).mean(dim=0))


def _normalised(norm: nn.Module, x: Tensor) -> Tensor:
    """With the statistics of the batch, as in training."""
    return functional.batch_norm(x, None, None, norm.weight, norm.bias, training=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("training", [True, False])
def test_mode_and_momentum_stay(training: bool) -> None:
    averaged = network(0).train(training)
    average_weights(averaged, [network(1).state_dict()], images(1))
    assert averaged.training == training
    assert averaged[1].momentum == nn.BatchNorm2d(4).momentum


def test_the_members_stay_what_they_are() -> None:
    weights = [network(0).state_dict(), network(1).state_dict()]
    before = [{name: tensor.clone() for name, tensor in member.items()} for member in weights]
    average_weights(network(2), weights, images(1))
    for member, old in zip(weights, before, strict=True):
        assert all(torch.equal(tensor, old[name]) for name, tensor in member.items())
