"""An exported model on ONNX Runtime: one file, no PyTorch (see ``export.graph`` for what is in it)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from dermdistill.data.images import halve
from dermdistill.errors import UserError
from dermdistill.inference.model_info import ModelInfo
from dermdistill.records import Pixels

DESCRIPTION = "dermdistill"
"""The key of the model's description in the file's metadata."""

INT8_SUFFIX = ".int8.onnx"

_MAX_BYTES = 2**31
_INPUTS = {"pixels": "tensor(uint8)"}
_OUTPUTS = ("probabilities", "statistics")
_DETECTOR = "detector/answers"


@dataclass(frozen=True, slots=True)
class Scored:
    """What a model says of one image.

    Attributes:
        probabilities: ``(C,)``, calibrated, in the order of the model's classes, summing to 1.
        statistics: ``(7,)``, of the image as the network sees it (``inference.reference.STATISTICS``).
        detector: ``(2,)``, whether it is a dermoscopic photograph (``inference.detector``); NaN where the
            file has no detector.
    """

    probabilities: NDArray[np.float64]
    statistics: NDArray[np.float64]
    detector: NDArray[np.float64]


def is_exported_model(path: Path) -> bool:
    """Whether a file is a model exported by this program."""
    try:
        OnnxModel.read(path)
    except UserError:
        return False
    return True


class OnnxModel:
    """A model file, ready to score; thread-safe. A ``Predictor`` too. Pickled, it is the content of the file.

    Attributes:
        model_id: architecture and a digest of the file: the same id is the same file.
    """

    def __init__(self, content: bytes, name: str, *, threads: int = 1) -> None:
        """From the bytes of a file.

        Args:
            content: the file; it cannot refer to other files.
            name: what an error message calls it.
            threads: that work on one image together. Several images at once are faster scored by several
                callers' threads, each with one.

        Raises:
            UserError: not a model exported by this program, or damaged.
        """
        self._content, self._threads = content, threads
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4  # errors are raised; nothing is printed
        try:
            self._session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime raises a dozen kinds for damaged bytes
            raise UserError(f"{name}: cannot read it as an ONNX model; {_EXPECTED}") from error
        description = self._session.get_modelmeta().custom_metadata_map.get(DESCRIPTION)
        inputs = {value.name: value.type for value in self._session.get_inputs()}
        outputs = {value.name for value in self._session.get_outputs()}
        if description is None or inputs != _INPUTS or not outputs.issuperset(_OUTPUTS):
            raise UserError(f"{name}: an ONNX model of another program; {_EXPECTED}")
        self._has_detector = _DETECTOR in outputs
        self._info = ModelInfo.from_json(description, name)
        self.model_id = f"{self._info.architecture} {hashlib.sha256(content).hexdigest()[:12]}"

    @classmethod
    def read(cls, path: Path, *, threads: int = 1) -> "OnnxModel":
        """From a file; raises UserError as the constructor does, or where it cannot be read."""
        return cls(read_content(path), str(path), threads=threads)

    def __reduce__(self) -> tuple[object, ...]:
        """A session cannot be sent to another process; what it was made from can."""
        return _from_content, (self._content, self._threads)

    @property
    def info(self) -> ModelInfo:
        """What the model expects and what its outputs mean."""
        return self._info

    def score(self, pixels: Pixels) -> Scored:
        """Score one image ``(H, W, 3)`` of any size."""
        return Scored(*(values[0] for values in self.outputs(pixels[None])))

    def predict(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Calibrated class probabilities ``(N, C)`` of RGB pixels ``(N, H, W, 3)``, one size for all."""
        return self.outputs(pixels)[0]

    def log_odds(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Calibrated ``ln(P / (1 - P))`` of melanoma ``(N,)``, finite, of RGB pixels ``(N, H, W, 3)``."""
        # From both sides: in float32, 1 - P is lost where P is near 1. Below the smallest normal number
        # nothing is known of a probability.
        probabilities = np.maximum(self.predict(pixels), np.finfo(np.float32).tiny)
        others = np.delete(probabilities, self._info.melanoma, axis=1).sum(axis=1)
        result: NDArray[np.float64] = np.log(probabilities[:, self._info.melanoma] / others)
        return result

    def statistics(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Statistics ``(N, 7)`` of RGB pixels ``(N, H, W, 3)`` (``inference.reference.STATISTICS``)."""
        return self.outputs(pixels)[1]

    def detector(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Answers of the detector ``(N, 2)`` to RGB pixels ``(N, H, W, 3)``; NaN where there is none."""
        return self.outputs(pixels)[2]

    def tensors(self, names: Sequence[str], pixels: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
        """The outputs of these names, of RGB pixels ``(N, H, W, 3)``, each with N first."""
        halve_from = self._info.input.halve_from
        if halve_from is not None and min(pixels.shape[1:3]) >= halve_from:
            # The graph does the same, in floats and ten times as slowly.
            pixels = np.stack([halve(image, halve_from) for image in pixels])
        return [values.astype(np.float64) for values in self._session.run(names, {"pixels": pixels})]

    def outputs(self, pixels: NDArray[np.uint8], *more: str) -> list[NDArray[np.float64]]:
        """Probabilities, statistics, answers of the detector, and further tensors, each with N rows."""
        if self._has_detector:
            return self.tensors((*_OUTPUTS, _DETECTOR, *more), pixels)
        probabilities, statistics, *others = self.tensors((*_OUTPUTS, *more), pixels)
        return [probabilities, statistics, np.full((len(pixels), 2), np.nan), *others]


def read_content(path: Path) -> bytes:
    """The bytes of a model file; raises UserError where it cannot be read."""
    try:
        if path.is_file() and path.stat().st_size > _MAX_BYTES:
            raise UserError(f"{path}: above 2 GB; {_EXPECTED}")
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot read the model ({error.strerror}); {_EXPECTED}") from None


def _from_content(content: bytes, threads: int) -> OnnxModel:
    return OnnxModel(content, "pickled model", threads=threads)


_EXPECTED = "expected a .onnx file made by `dermdistill export`"
