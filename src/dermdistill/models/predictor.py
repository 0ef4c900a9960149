"""The predictor protocol on PyTorch."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dermdistill.inference.model_info import ModelInfo, Output


class TorchPredictor:
    """Scores images with a PyTorch network (see ``inference.predictor.Predictor``)."""

    def __init__(self, network: nn.Module, info: ModelInfo, device: torch.device) -> None:
        self._network = network.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self._info = info
        self._device = device

    @property
    def info(self) -> ModelInfo:
        """What the model expects and what its outputs mean."""
        return self._info

    @torch.inference_mode()
    def predict(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Class probabilities ``(N, classes)`` of RGB pixels ``(N, size, size, 3)``."""
        images = torch.from_numpy(self._info.input.normalise(pixels)).to(self._device)
        images = images.contiguous(memory_format=torch.channels_last)
        result: NDArray[np.float64] = probabilities(self._network(images), self._info.output).cpu().numpy()
        return result


def probabilities(logits: Tensor, output: Output) -> Tensor:
    """Class probabilities ``(N, C)``, float64, of logits ``(N, C)``."""
    result = logits.double().softmax(dim=1)
    return result.softmax(dim=1) if output == "softmax-of-softmax" else result
