"""From labelled photographs to what a model sees in them: each is read and scored once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from dermdistill.adaptation.last_step import FEATURES, LOGITS
from dermdistill.adaptation.sample import Rows, Sample
from dermdistill.data.grouping import connected
from dermdistill.data.perceptual_hash import BITS, Coefficients, coefficients
from dermdistill.errors import UserError
from dermdistill.evaluation.metrics import Bools, Floats
from dermdistill.inference import features
from dermdistill.inference.onnx import OnnxModel
from dermdistill.inference.side_by_side import map_in_order
from dermdistill.progress import bar
from dermdistill.records import Record

LOG_ODDS = "calibrate/log_odds"
"""What ``export.graph`` calls the log-odds before calibration."""

_AHEAD = 4
_BINARY = 2


@dataclass(frozen=True, slots=True)
class ScoredPhotographs:
    """N photographs that can be read.

    Attributes:
        rows: ``(N,)``, of the records.
        sample: what the model sees in them.
        probability: ``(N,)``, P(melanoma) of the model as it is.
        coefficients: ``(N, 2, 90)``, of their perceptual hashes.
        errors: of the photographs that cannot be read.
    """

    rows: Rows
    sample: Sample
    probability: Floats
    coefficients: Coefficients
    errors: tuple[UserError, ...]

    def where(self, wanted: Bools) -> "ScoredPhotographs":
        """The photographs that are wanted."""
        return replace(
            self,
            rows=self.rows[wanted],
            sample=self.sample.take(wanted),
            probability=self.probability[wanted],
            coefficients=self.coefficients[wanted],
        )


@dataclass(frozen=True, slots=True)
class _Seen:
    probability: float
    log_odds: float
    inputs: tuple[Floats, ...]
    coefficients: Coefficients


class OpenedModel:
    """A model file that gives what its last step is made of.

    Attributes:
        content: of the file.
        plain: the model as it is.
        tensors: of the graph, by name of the candidate that they are the input of.
    """

    def __init__(self, content: bytes, name: str) -> None:
        """From the bytes of a file; ``name`` leads the UserError where it is no model that can be adapted."""
        self.content = content
        self.plain = OnnxModel(content, name)
        before = features.before_last_layer(content)
        self.tensors = {} if before is None else {FEATURES: before}
        if len(self.plain.info.classes) > _BINARY:
            self.tensors = {LOGITS: features.LOGITS} | self.tensors
        for tensor in (LOG_ODDS, *self.tensors.values()):
            content = features.with_output(content, tensor)
        try:
            self._model = OnnxModel(content, name)
        except UserError:
            raise UserError(
                f"{name}: its last step is not where this version looks for it; export the model again"
            ) from None

    def look(self, record: Record) -> _Seen | UserError:
        """Look at a photograph; the error where it cannot be read."""
        try:
            pixels = record.image.decode()
        except UserError as error:
            return error
        info = self.plain.info
        names = ("probabilities", LOG_ODDS, *self.tensors.values())
        probabilities, log_odds, *inputs = self._model.tensors(names, pixels[None])
        return _Seen(
            float(probabilities[0, info.melanoma]),
            float(log_odds[0, 0]),
            tuple(values.reshape(-1) for values in inputs),
            coefficients(pixels),
        )


def score(records: Sequence[Record], model: OpenedModel, *, workers: int) -> ScoredPhotographs:
    """Score photographs, side by side; those that cannot be read are left out."""
    seen = map_in_order(partial(OpenedModel.look, model), records, workers=workers, ahead=_AHEAD * workers)
    with bar(seen, total=len(records), label="Looking at images", unit="image") as shown:
        looks = list(shown)
    number = [i for i, look in enumerate(looks) if isinstance(look, _Seen)]
    rows = [look for look in looks if isinstance(look, _Seen)]
    kept = [records[i] for i in number]
    # Not by Record.group alone: a lesion may have the patient's id on some of its images only.
    group = connected([{f"lesion:{record.lesion_id}", record.group} for record in kept])
    sample = Sample(
        label=np.array([record.is_melanoma for record in kept], dtype=bool),
        lesion=tuple(record.lesion_id for record in kept),
        group=tuple(map(str, group)),
        log_odds=np.array([row.log_odds for row in rows]),
        inputs={name: np.stack([row.inputs[i] for row in rows]) for i, name in enumerate(model.tensors)},
    )
    return ScoredPhotographs(
        rows=np.array(number, dtype=np.int64),
        sample=sample,
        probability=np.array([row.probability for row in rows]),
        coefficients=np.stack([row.coefficients for row in rows])
        if rows
        else np.empty((0, 2, BITS), np.float32),
        errors=tuple(look for look in looks if isinstance(look, UserError)),
    )
