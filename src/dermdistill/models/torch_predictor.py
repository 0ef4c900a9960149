"""The predictor protocol on PyTorch."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dermdistill.inference.model_info import ModelInfo, OutputActivation
from dermdistill.inference.onnx import OnnxModel
from dermdistill.inference.predictor import Predictor
from dermdistill.models.checkpoint import load_weights


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
    def logits(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Logits ``(N, classes)``, on the processor, of RGB pixels ``(N, size, size, 3)``."""
        images = torch.from_numpy(self._info.input.normalise(pixels)).to(self._device)
        logits: Tensor = self._network(images.contiguous(memory_format=torch.channels_last)).cpu()
        return logits

    def predict(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Class probabilities ``(N, classes)`` of RGB pixels ``(N, size, size, 3)``."""
        # In float64, which Apple's GPUs lack, so on the processor.
        result: NDArray[np.float64] = probabilities(self.logits(pixels), self._info.output).numpy()
        calibration = self._info.calibration
        return result if calibration is None else calibration.apply(result, self._info.melanoma)


def open_predictor(path: Path, device: torch.device) -> Predictor:
    """The model in a file: ``.onnx`` on ONNX Runtime, all else on PyTorch.

    Raises:
        UserError: not a model of this program.
    """
    if path.suffix == ".onnx":
        return OnnxModel.read(path, threads=torch.get_num_threads())
    return TorchPredictor(*load_weights(path), device)


def probabilities(logits: Tensor, output: OutputActivation) -> Tensor:
    """Class probabilities ``(N, C)``, float64, of logits ``(N, C)``."""
    result = logits.double().softmax(dim=1)
    return result.softmax(dim=1) if output == "softmax-of-softmax" else result
