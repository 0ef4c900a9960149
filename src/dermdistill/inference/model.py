"""The model as a program uses it: ``dermdistill.load().predict(images)``."""

import math
import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, cast, overload

import numpy as np
from numpy.typing import NDArray

from dermdistill.cores import default_workers
from dermdistill.data.decoding.limits import Decoded
from dermdistill.errors import UserError
from dermdistill.inference.calibration import Calibration, expit, prevalence_shift
from dermdistill.inference.decision import OperatingPointUsed, point_of, referring
from dermdistill.inference.detector import NOT_DERMOSCOPIC
from dermdistill.inference.image_input import (
    FileInput,
    Held,
    ImageInput,
    check_pixels,
    decode_held,
    hold,
    is_one_image,
)
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.onnx import INT8_SUFFIX, OnnxModel, Scored
from dermdistill.inference.prediction import Prediction
from dermdistill.inference.side_by_side import map_in_order
from dermdistill.records import Pixels

SHIPPED = Path(__file__).parents[1] / "weights" / "dermlet.onnx"
"""The model that comes with the package; its card lies beside it."""

_AHEAD = 2
"""How many images a thread has before it: enough to keep it at work."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model with its operating point, made by ``load``; thread-safe, and can be sent to other processes.

    Attributes:
        operating_point: decides, and says what it did to the model's validation images.
        prevalence: share of melanomas that its probabilities are meant for; NaN where the file does not know.
    """

    _onnx: OnnxModel = field(repr=False)
    operating_point: OperatingPointUsed
    prevalence: float
    _shift: Calibration | None = field(default=None, repr=False)

    @property
    def info(self) -> ModelInfo:
        """The description inside the file: classes, provenance, operating points, calibration."""
        return self._onnx.info

    @property
    def is_restated(self) -> bool:
        """Whether P(melanoma) is re-stated for a prevalence that the user gave."""
        return self._shift is not None

    @property
    def model_id(self) -> str:
        """Architecture and digest of the file; the same id is the same file."""
        return self._onnx.model_id

    @overload
    def predict(
        self, images: ImageInput | Iterable[ImageInput], *, errors: Literal["raise"] = "raise"
    ) -> list[Prediction]: ...

    @overload
    def predict(
        self, images: ImageInput | Iterable[ImageInput], *, errors: Literal["return"]
    ) -> list[Prediction | UserError]: ...

    def predict(
        self, images: ImageInput | Iterable[ImageInput], *, errors: Literal["raise", "return"] = "raise"
    ) -> Sequence[Prediction | UserError]:
        """Score images side by side on all cores of this process.

        Args:
            images: paths, contents of files as bytes, binary file objects, Pillow images, or RGB arrays
                ``(H, W, 3)`` uint8, in any mixture, from any iterable; one alone is a list of one. The answer
                to a photograph is the same in every form. A generator is taken a few images ahead.
            errors: ``raise`` the error of the first image that cannot be read, or ``return`` every error in
                the place of its image.

        Returns:
            A list of predictions, one per image, in order.

        Raises:
            UserError: an image cannot be read; the message names it, by its place where it has no file name.
            TypeError, ValueError: not an image, whatever ``errors`` is.
        """
        if errors not in ("raise", "return"):
            raise ValueError(f"errors is {errors!r}; expected 'raise' or 'return'")
        score = self._predict_or_error if errors == "return" else self._predict_held
        if is_one_image(images):
            return [score(_hold_or_error(images, "image"))]
        if not isinstance(images, Iterable):
            raise TypeError(f"{type(images).__name__} is neither an image nor several")
        several = cast("Iterable[ImageInput]", images)
        workers = default_workers()
        held = (_hold_or_error(image, f"images[{i}]") for i, image in enumerate(several))
        return list(map_in_order(score, held, workers=workers, ahead=workers * _AHEAD))

    def predict_file(self, file: FileInput, *, frame: int | None = None) -> Prediction:
        """Score an image file; arguments and errors as ``read``."""
        path = str(file) if isinstance(file, str | os.PathLike) else None
        return self.score_decoded(self.read(file, frame=frame), path=path, frame=frame)

    def read(self, image: ImageInput, *, frame: int | None = None) -> Decoded:
        """Decode an image as ``predict`` does; large images are halved, as the model begins.

        Args:
            image: in any form that ``predict`` takes.
            frame: which image of a DICOM file that holds several, from 1.

        Raises:
            SeveralFramesError: it holds several and ``frame`` is not given (see ``data.dicom``).
            UserError: it cannot be read.
        """
        return decode_held(hold(image, "image"), self.info.input.halve_from, frame=frame)

    def score_decoded(
        self, read: Decoded, *, path: str | None = None, frame: int | None = None
    ) -> Prediction:
        """Score what ``read`` gave; the prediction carries ``path`` and ``frame``."""
        notes = () if read.colours == "RGB" else (f"not in colour as photographed: {read.colours}",)
        prediction = self._judge(read.pixels, (read.width, read.height), notes)
        return replace(prediction, path=path, frame=frame)

    def log_odds(self, pixels: Pixels) -> NDArray[np.float64]:
        """``ln(P / (1 - P))`` of melanoma ``(N,)``, as calibrated, of RGB pixels ``(N, H, W, 3)``.

        Without the prevalence given to ``load``, which adds a constant to all log-odds.
        """
        return self._onnx.log_odds(pixels)

    def calls_melanoma(self, log_odds: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether an image with these log-odds, as ``log_odds`` gives them, is called melanoma; any shape."""
        probability = expit(log_odds)
        if self._shift is not None:
            probability = self._shift.of_melanoma(probability)
        called: NDArray[np.bool_] = probability >= self.operating_point.threshold
        return called

    def score(self, pixels: Pixels) -> Prediction:
        """Score RGB pixels ``(H, W, 3)``, uint8; raises ValueError where they are something else."""
        check_pixels(pixels)
        return self._judge(pixels, (pixels.shape[1], pixels.shape[0]), ())

    def _predict_held(self, held: Held | UserError) -> Prediction:
        if isinstance(held, UserError):
            raise held
        path = held.name if isinstance(held.image, Path) else None
        return self.score_decoded(decode_held(held, self.info.input.halve_from), path=path)

    def _predict_or_error(self, held: Held | UserError) -> Prediction | UserError:
        try:
            return self._predict_held(held)
        except UserError as error:
            return error

    def _judge(self, pixels: Pixels, size: tuple[int, int], notes: tuple[str, ...]) -> Prediction:
        scored = self._onnx.score(pixels)
        probabilities = scored.probabilities
        if self._shift is not None:
            probabilities = self._shift.apply(probabilities[None], self.info.melanoma)[0]
        probability = float(probabilities[self.info.melanoma])
        return Prediction(
            probability=probability,
            decision=self.operating_point.decision(probability),
            operating_point=self.operating_point,
            diagnoses={name: float(p) for name, p in zip(self.info.classes, probabilities, strict=True)},
            warnings=(
                *self._subject_warning(scored),
                *notes,
                *self._size_warning(size),
                *self._blur_warning(scored),
            ),
            model_id=self.model_id,
            prevalence=self.prevalence,
        )

    def _size_warning(self, size: tuple[int, int]) -> tuple[str, ...]:
        wanted = self.info.input.size
        if min(size) >= wanted:
            return ()
        return (f"small: {size[0]} x {size[1]} pixels, the model looks at {wanted} x {wanted}",)

    def _subject_warning(self, scored: Scored) -> tuple[str, ...]:
        limits = self.info.detector
        return (NOT_DERMOSCOPIC,) if limits is not None and limits.exceeded(scored.detector) else ()

    def _blur_warning(self, scored: Scored) -> tuple[str, ...]:
        return self.info.reference.warnings(scored.statistics) if self.info.reference else ()


def load(
    model: str | os.PathLike[str] | None = None,
    *,
    operating_point: str | float | None = None,
    prevalence: float | None = None,
    refer_below: str | float | None = None,
    threshold: str | float | None = None,
) -> Model:
    """Load a model to score images with; needs no PyTorch.

    Args:
        model: a ``.onnx`` file of ``dermdistill export``, or a run folder that holds one; the one that comes
            with the package unless given.
        operating_point: of the model (``youden``, ``sensitivity_0.95``, ...), or a threshold on P(melanoma)
            as a number from 0 to 1. Unless given: ``sensitivity_0.90``, or that of `dermdistill adapt`.
        prevalence: re-state P(melanoma) for people of whom this share has melanoma. Decisions at a named
            operating point stay the same, for its threshold is re-stated too; a number is taken as re-stated.
        refer_below: refer to a person what would be called melanoma below this operating point or number.
        threshold: the former name of ``operating_point``; deprecated.

    Raises:
        UserError: no such model, a damaged one, an unknown operating point, a value out of range.
    """
    if threshold is not None:
        warnings.warn(
            "load(threshold=...) is now load(operating_point=...)", DeprecationWarning, stacklevel=2
        )
        operating_point = threshold
    path = model_file(model)
    onnx = OnnxModel.read(path)
    name = "the packaged model" if model is None else str(path)
    shift = None if prevalence is None else _shift(onnx.info, prevalence, path)
    point = _restated(onnx.info, point_of(onnx.info, operating_point, name), shift)
    if refer_below is not None:
        point = referring(point, _restated(onnx.info, point_of(onnx.info, refer_below, name), shift))
    if prevalence is None:
        prevalence = onnx.info.validation.prevalence if onnx.info.validation else math.nan
    return Model(onnx, point, prevalence, shift)


def _hold_or_error(image: ImageInput, name: str) -> Held | UserError:
    try:
        return hold(image, name)
    except UserError as error:
        return error


def model_file(model: str | os.PathLike[str] | None) -> Path:
    """The file that ``load`` reads; raises UserError where a run folder holds none, or several."""
    if model is None:
        return SHIPPED
    path = Path(model)
    if path.is_dir():
        return _exported(path)
    if path.suffix == ".safetensors":
        raise UserError(f"{path}: weights for PyTorch; make a model of its run with `dermdistill export`")
    return path


def _exported(run: Path) -> Path:
    """The exported model of a run, the float one of two; raises UserError where it is not one."""
    from dermdistill.runs import RunFolder  # brings pydantic, a tenth of the time to the first answer

    found = RunFolder(run).exported()
    floats = [path for path in found if not path.name.endswith(INT8_SUFFIX)] or found
    if len(floats) == 1:
        return floats[0]
    if not found:
        raise UserError(f"{run}: holds no exported model; make one with `dermdistill export {run}`")
    raise UserError(f"{run}: holds several models; give one of {', '.join(map(str, floats))}")


def _shift(info: ModelInfo, prevalence: float, path: Path) -> Calibration:
    if not 0 < prevalence < 1:
        raise UserError(f"prevalence {prevalence}: expected a share between 0 and 1, such as 0.02")
    if info.validation is None or not 0 < info.validation.prevalence < 1:
        raise UserError(f"{path}: does not say at which prevalence it was calibrated; export it again")
    return prevalence_shift(info.validation.prevalence, prevalence)


def _restated(info: ModelInfo, point: OperatingPointUsed, shift: Calibration | None) -> OperatingPointUsed:
    """The operating point on the re-stated scale."""
    if shift is None:
        return point
    if point.name != "given":
        # Just above 1 stands for "call nothing melanoma", on every scale.
        moved = float(shift.of_melanoma(np.array(min(point.threshold, 1.0))))
        return replace(point, threshold=moved if point.threshold <= 1 else point.threshold)
    assert info.validation is not None
    back = Calibration(1.0, -shift.intercept)
    sensitivity, specificity = info.validation.at(float(back.of_melanoma(np.array(point.threshold))))
    return replace(point, sensitivity=sensitivity, specificity=specificity)
