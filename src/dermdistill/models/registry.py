"""Every network by its name: a student of this program, or a network of timm under the paper's head.

A new student is a file beside this one and an entry in ``STUDENTS``. ``zoo`` is imported only where a network
of timm is asked for: importing timm takes seconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from dermdistill.errors import UserError
from dermdistill.inference.model_info import member_networks
from dermdistill.models.dermlet import Dermlet
from dermdistill.models.dsnet import DSNet
from dermdistill.models.ensemble import Ensemble


@dataclass(frozen=True, slots=True)
class Student:
    """A network of this program.

    Attributes:
        create: makes it, given the number of classes, the side of the images and the first weights.
        weights: the first weights that it can have.
    """

    create: Callable[[int, int, str], nn.Module]
    weights: tuple[str, ...] = ("none",)


def _dsnet(classes: int, size: int, weights: str) -> nn.Module:
    return DSNet(size, classes)


def _dermlet(classes: int, size: int, weights: str) -> nn.Module:
    network = Dermlet(classes)
    if weights == "imagenet":
        from dermdistill.models import zoo

        network.start_from(zoo.create_headed(zoo.LITE0, classes, weights).backbone.state_dict())
    return network


STUDENTS: Mapping[str, Student] = {
    "dsnet": Student(_dsnet),
    "dermlet": Student(_dermlet, weights=("none", "imagenet")),
}


def exists(name: str) -> bool:
    """Whether there is such a network."""
    if name in STUDENTS:
        return True
    from dermdistill.models import zoo

    return zoo.is_timm(name)


def check_architecture(name: str, weights: str) -> None:
    """Raise UserError, before any work, unless there are such a network and such first weights."""
    if name not in STUDENTS:
        from dermdistill.models import zoo

        zoo.check_timm(name, weights, others=STUDENTS)
    elif weights not in STUDENTS[name].weights:
        known = " or ".join(map(repr, STUDENTS[name].weights))
        raise UserError(f"model {name!r}: no first weights {weights!r}; its weights must be {known}")


def create(name: str, classes: int, size: int, weights: str) -> nn.Module:
    """A network with its first weights, for images of ``size`` pixels.

    Raises:
        UserError: unknown name; weights that cannot be had or do not fit.
        ValueError: the network cannot take images of this size.
    """
    check_architecture(name, weights)
    if name in STUDENTS:
        return STUDENTS[name].create(classes, size, weights)
    from dermdistill.models import zoo

    return zoo.create_headed(name, classes, weights)


def build(architecture: str, classes: int, size: int) -> nn.Module:
    """An untrained network; of an ensemble (``NAME*3``, ``NAME+OTHER``) all members (``member_networks``)."""
    members = member_networks(architecture)
    if len(members) > 1:
        return Ensemble(build(name, classes, size) for name in members)
    return create(architecture, classes, size, "none")


def try_out(name: str, weights: str, size: int, *, entry: str = "data.size") -> None:
    """Build the network and show it one black image, so that what cannot work fails before any work is done.

    Raises:
        UserError: see ``create``; or the network cannot take images of ``size`` pixels.
    """
    try:
        network = create(name, 2, size, weights).eval()
        with torch.no_grad():
            network(torch.zeros(1, 3, size, size))
    except (RuntimeError, AssertionError, ValueError) as error:
        reason = str(error).splitlines()[0][:120]
        raise UserError(
            f"model {name!r} cannot take images of {entry} = {size} pixels ({reason}); "
            "choose another size or network"
        ) from error
