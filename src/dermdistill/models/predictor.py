"""The predictor protocol on PyTorch."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dermdistill.data.images import InputSpec
from dermdistill.inference.model_info import ModelInfo, Output


class TorchPredictor:
    """Scores images with a PyTorch network (see ``inference.predictor.Predictor``)."""

    def __init__(self, network: nn.Module, info: ModelInfo, device: torch.device) -> None:
        self._network = network.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self._info = info
        self._device = device
        self._normalise = Normalise(info.input, device)

    @property
    def info(self) -> ModelInfo:
        """What the model expects and what its outputs mean."""
        return self._info

    @torch.inference_mode()
    def predict(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Class probabilities ``(N, classes)`` of RGB pixels ``(N, size, size, 3)``."""
        images = self._normalise(torch.from_numpy(np.ascontiguousarray(pixels)).to(self._device))
        result: NDArray[np.float64] = probabilities(self._network(images), self._info.output).cpu().numpy()
        return result


class Normalise:
    """To network input ``(N, 3, S, S)``, from uint8 ``(N, S, S, 3)`` or float ``(N, 3, S, S)`` in [0, 1]."""

    def __init__(self, spec: InputSpec, device: torch.device) -> None:
        self._mean = torch.tensor(spec.mean, device=device).view(1, 3, 1, 1)
        self._std = torch.tensor(spec.std, device=device).view(1, 3, 1, 1)

    def __call__(self, images: Tensor) -> Tensor:
        if images.dtype == torch.uint8:
            images = images.permute(0, 3, 1, 2).float() / 255
        return (images - self._mean) / self._std


def probabilities(logits: Tensor, output: Output) -> Tensor:
    """Class probabilities ``(N, C)``, float64, of logits ``(N, C)``."""
    result = logits.double().softmax(dim=1)
    return result.softmax(dim=1) if output == "softmax-of-softmax" else result
