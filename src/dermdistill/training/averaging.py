"""The average of several epochs' weights as one network (stochastic weight averaging)."""

from collections.abc import Iterable, Mapping, Sequence

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, update_bn

Weights = Mapping[str, Tensor]


def average_weights(network: nn.Module, weights: Sequence[Weights], images: Iterable[Tensor]) -> None:
    """Make ``network`` the average of ``weights`` (Izmailov et al. 2018, section 3).

    The statistics of batch norm are those of no member, so they are taken anew: the mean over all batches of
    ``images``, in training mode (Wu and Johnson 2021).

    Args:
        network: changed in place; it stays in the mode that it is in.
        weights: state dicts of ``network``, at least one.
        images: batches ``(N, 3, S, S)`` as in training, on the network's device; read once.
    """
    average = AveragedModel(network)
    for member in weights:
        network.load_state_dict(member)
        average.update_parameters(network)
    network.load_state_dict(average.module.state_dict())
    update_bn(images, network)
