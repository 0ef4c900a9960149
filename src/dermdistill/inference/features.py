"""What a model sees in a photograph, as numbers: the features that its last layer makes its answer of.

Exported files give probabilities only. Protocol buffers that stand one after the other are merged when
read (protobuf.dev, "Encoding"), so a few bytes behind a file make one of its tensors an output. That needs
no ``onnx`` package, which the light installation does not have.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dermdistill.data.images import resize
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.onnx import OnnxModel, read_content
from dermdistill.records import Pixels

LOGITS = "network/logits"
"""What ``export.network`` calls the output of the last layer."""

_LAYERS = ("Gemm", "MatMul")
_ROUNDING = ("QuantizeLinear", "DequantizeLinear")
# Numbers of fields in onnx.proto.
_GRAPH, _NODE, _OUTPUT = 7, 1, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_OPERATOR = 1, 2, 4
_NAME = 1
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Look:
    """What a model says of one image.

    Attributes:
        probability: P(melanoma), calibrated.
        statistics: ``(7,)`` (``inference.reference.STATISTICS``).
        detector: ``(2,)`` (``inference.detector``); NaN where the file has none.
        features: ``(2, F)``, of the whole image and of its middle, each the mean over the image, its mirror
            images and the image upside down: copies turned like that have the same.
    """

    probability: float
    statistics: NDArray[np.float64]
    detector: NDArray[np.float64]
    features: NDArray[np.float32]


class FeatureModel:
    """An exported model that gives its features beside its probabilities; thread-safe.

    Attributes:
        has_features: False where its last layer is not found, as in an ensemble: then the logarithms of its
            class probabilities stand for the features.
    """

    def __init__(self, content: bytes, name: str) -> None:
        """From the bytes of a file; raises UserError as ``OnnxModel`` does."""
        self._model = OnnxModel(content, name)
        self._tensor = before_last_layer(content)
        if self._tensor is not None:
            self._model = OnnxModel(with_output(content, self._tensor), name)

    @classmethod
    def read(cls, path: Path) -> "FeatureModel":
        """From a file; raises UserError where it cannot be read."""
        return cls(read_content(path), str(path))

    @property
    def info(self) -> ModelInfo:
        """What the model expects and what its outputs mean."""
        return self._model.info

    @property
    def has_features(self) -> bool:
        """See the class."""
        return self._tensor is not None

    def look(self, pixels: Pixels) -> Look:
        """Look at an RGB image ``(H, W, 3)`` of any size, and at the middle three quarters of its sides."""
        size = self.info.input.size
        views = [_mirrored(resize(view, size)) for view in (pixels, _middle(pixels))]
        more = () if self._tensor is None else (self._tensor,)
        probabilities, statistics, detector, *features = self._model.outputs(np.concatenate(views), *more)
        of_views = features[0] if features else np.log(probabilities + _LEAST)
        return Look(
            probability=float(probabilities[0, self.info.melanoma]),
            statistics=statistics[0],
            detector=detector[0],
            features=of_views.reshape(2, len(views[0]), -1).mean(axis=1).astype(np.float32),
        )


def _mirrored(square: Pixels) -> NDArray[np.uint8]:
    """``(4, S, S, 3)``: the image, its mirror images and the image upside down."""
    return np.stack([square[::down, ::across] for down in (1, -1) for across in (1, -1)])


def _middle(pixels: Pixels) -> Pixels:
    down, across = (side // 8 for side in pixels.shape[:2])
    return pixels[down : pixels.shape[0] - down, across : pixels.shape[1] - across]


def before_last_layer(model: bytes) -> str | None:
    """The tensor that the last layer makes the logits of; None where the graph is another."""
    made_by: dict[str, tuple[str, str]] = {}
    for graph in _fields(model, _GRAPH):
        for node in _fields(graph, _NODE):
            operator = b"".join(_fields(node, _NODE_OPERATOR)).decode()
            first = next(_fields(node, _NODE_INPUT), b"").decode()
            made_by |= {output.decode(): (operator, first) for output in _fields(node, _NODE_OUTPUT)}
    operator, source = made_by.get(LOGITS, ("", ""))
    while operator in _ROUNDING:
        operator, source = made_by.get(source, ("", ""))
    return source if operator in _LAYERS else None


def with_output(model: bytes, tensor: str) -> bytes:
    """The same model with one of its tensors as a further output."""
    value = _field(_NAME, tensor.encode())
    return model + _field(_GRAPH, _field(_OUTPUT, value))


def _fields(message: bytes, wanted: int) -> Iterator[bytes]:
    """The contents of all fields of this number that are messages or text (protobuf.dev, "Encoding")."""
    position = 0
    while position < len(message):
        key, position = _number(message, position)
        kind = key & 7
        if kind == 0:
            _, position = _number(message, position)
        elif kind == 2:
            length, position = _number(message, position)
            if key >> 3 == wanted:
                yield message[position : position + length]
            position += length
        else:
            position += {1: 8, 5: 4}[kind]


def _number(message: bytes, position: int) -> tuple[int, int]:
    """A number in base 128, and the position behind it."""
    value = shift = 0
    while message[position] & 128:
        value |= (message[position] & 127) << shift
        position, shift = position + 1, shift + 7
    return value | message[position] << shift, position + 1


def _field(number: int, content: bytes) -> bytes:
    """A field that is a message or text."""
    return bytes([number << 3 | 2]) + _base_128(len(content)) + content


def _base_128(value: int) -> bytes:
    digits = []
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes([*digits, value])
