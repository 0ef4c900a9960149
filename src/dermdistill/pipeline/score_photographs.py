"""Score the images of an evaluation with an exported model: one pass, one image at a time, no PyTorch.

Each is decoded and scored as ``dermdistill predict`` does, so that it gets the same answer.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from dermdistill.data.decoding.limits import Decoded
from dermdistill.data.images import ImageFile
from dermdistill.data.perceptual_hash import BITS, Coefficients, coefficients
from dermdistill.data.skin_tone import typology_angle
from dermdistill.errors import UserError
from dermdistill.inference.model import Model, load
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.prediction import Prediction
from dermdistill.inference.side_by_side import map_in_order
from dermdistill.pipeline.scored import ScoredImages, cells
from dermdistill.progress import bar
from dermdistill.records import ImageSource, Record

_AHEAD = 4
"""How many images each worker has before it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Looked:
    content: str
    coefficients: Coefficients
    short_side: int
    typology_angle: float
    prediction: Prediction


class PhotographScorer:
    """An exported model; images that cannot be read are left out, with a note (see ``scored.Scorer``).

    Args:
        name: of the model.
        path: of its file.
        workers: threads.

    Raises:
        UserError: not an exported model.
    """

    def __init__(self, name: str, path: Path, *, workers: int) -> None:
        self._name, self._workers = name, workers
        self._model = load(path, operating_point=0.5)  # what it decides is judged elsewhere

    @property
    def infos(self) -> dict[str, ModelInfo]:
        """Of the one model."""
        return {self._name: self._model.info}

    def score(self, records: Sequence[Record], *, synthetic: bool) -> ScoredImages:
        """Score the images; raises UserError where none of them can be read."""
        looks = map_in_order(
            partial(_look, self._model, synthetic=synthetic),
            (record.image for record in records),
            workers=self._workers,
            ahead=_AHEAD * self._workers,
        )
        found = list(bar(looks, total=len(records), label="Scoring images", unit="image"))
        rows = [i for i, each in enumerate(found) if isinstance(each, _Looked)]
        looked = [each for each in found if isinstance(each, _Looked)]
        errors = [each for each in found if isinstance(each, UserError)]
        if not looked:
            raise UserError(f"{errors[0]} (nor can any other of the {len(errors)} images be read)")
        classes = self._model.info.classes
        return ScoredImages(
            rows=np.array(rows, dtype=np.int64),
            contents=tuple(each.content for each in looked),
            coefficients=np.stack([each.coefficients for each in looked]),
            details={
                "short_side": cells([each.short_side for each in looked]),
                "typology_angle": cells([each.typology_angle for each in looked]),
            },
            probabilities={
                self._name: np.array([[each.prediction.diagnoses[of] for of in classes] for each in looked])
            },
            notes=(*_unread(errors, len(records)), *_warned([each.prediction for each in looked])),
        )


def _look(model: Model, image: ImageSource, *, synthetic: bool) -> _Looked | UserError:
    try:
        content = image.digest()
        read = _read(model, image)
    except UserError as error:
        return error
    return _Looked(
        content,
        np.zeros((2, BITS), dtype=np.float32) if synthetic else coefficients(read.pixels),
        min(read.width, read.height),
        float("nan") if synthetic else typology_angle(read.pixels),
        model.score_decoded(read),
    )


def _read(model: Model, image: ImageSource) -> Decoded:
    if isinstance(image, ImageFile):
        return model.read(image.path)
    pixels = image.decode()
    return Decoded(pixels, pixels.shape[1], pixels.shape[0], "RGB")


def _unread(errors: Sequence[UserError], images: int) -> list[str]:
    if not errors:
        return []
    others = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    return [f"{len(errors):,} of {images:,} images cannot be read and are left out: {errors[0]}{others}"]


def _warned(predictions: Sequence[Prediction]) -> list[str]:
    """How many photographs each kind of warning of ``predict`` is about."""
    kinds = Counter(text.partition(":")[0] for each in predictions for text in each.warnings)
    images = sum(bool(each.warnings) for each in predictions)
    if not images:
        return []
    counted = ", ".join(f"{kind} {count:,}" for kind, count in kinds.most_common())
    return [f"{images:,} of {len(predictions):,} images would get a warning from predict: {counted}"]
