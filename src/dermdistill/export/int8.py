"""A network in 8-bit integers: a quarter of the bytes, nearly the same answers."""

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from dermdistill.data.images import InputSpec
from dermdistill.export.network import INPUT, remove_traces
from dermdistill.export.rounding import round_weights

CALIBRATION_IMAGES = 512
_BATCH = 16
_LARGEST_WEIGHT = 64
"""Of ONNX Runtime's reduced range: two products of such weights with 255 fit into 16 bits."""


def _batches(pixels: NDArray[np.uint8], spec: InputSpec) -> Iterator[NDArray[np.float32]]:
    """Normalised images ``(N, 3, S, S)``, at most ``_BATCH`` at a time."""
    return (spec.normalise(pixels[start : start + _BATCH]) for start in range(0, len(pixels), _BATCH))


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    """Batches as ONNX Runtime's quantiser asks for them."""

    def __init__(self, batches: Iterator[NDArray[np.float32]]) -> None:
        self._batches = batches

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        batch = next(self._batches, None)
        return None if batch is None else {INPUT: batch}


def quantise(network: ModelProto, pixels: NDArray[np.uint8], spec: InputSpec) -> ModelProto:
    """Static quantisation: weights per output channel, activations by the ranges seen on training images.

    Weights keep to 7 bits: on processors without 8-bit dot products the sums of 8-bit ones saturate, and the
    same file would answer differently there. They are rounded for the layer's output, not one by one.

    Args:
        network: of ``export.network.to_onnx``.
        pixels: training images ``(N, S, S, 3)``, RGB uint8; a few hundred.
        spec: how the network wants them normalised.
    """
    # It recommends a preprocessing step, folding of batch norms, that ``to_onnx`` has done.
    logging.getLogger().addFilter(_no_recommendation)
    try:
        with tempfile.TemporaryDirectory() as folder:
            # From a file: a model in memory is changed by the quantiser.
            plain, path = Path(folder) / "plain.onnx", Path(folder) / "int8.onnx"
            onnx.save(network, plain)
            quantize_static(
                plain,
                path,
                _Reader(_batches(pixels, spec)),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                reduce_range=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.MinMax,
            )
            quantised = onnx.load(path)
    finally:
        logging.getLogger().removeFilter(_no_recommendation)
    round_weights(quantised, network, _batches(pixels, spec), limit=_LARGEST_WEIGHT)
    remove_traces(quantised)
    return quantised


def _no_recommendation(message: logging.LogRecord) -> bool:
    return "pre-processing" not in message.getMessage()
