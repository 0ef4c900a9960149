"""What predicts melanoma, or the source of an image, without looking at the lesion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermdistill.audit.out_of_fold import by_regression, by_trees, can_fold, groups_of
from dermdistill.audit.survey import Survey
from dermdistill.evaluation.intervals import bootstrap
from dermdistill.evaluation.metrics import Floats, Labels, Ranking
from dermdistill.evaluation.results import Estimate
from dermdistill.records import Record

REPLICATES = 1000


@dataclass(frozen=True, slots=True)
class Shortcut:
    """How well something predicts something else, as an AUC with its 95 % interval.

    Attributes:
        name: what predicts.
        auc: 0.5 or below says nothing.
        images: how many it is of.
    """

    name: str
    auc: Estimate
    images: int


def predicting_melanoma(
    records: Sequence[Record], survey: Survey, unseen: NDArray[np.bool_]
) -> list[Shortcut] | None:
    """How well everything but the lesion predicts melanoma, and the model itself; None of too few lesions.

    Args:
        records: N images.
        survey: of them.
        unseen: ``(N,)``: the images that the model did not learn from; only these judge it.
    """
    rows = np.flatnonzero(survey.readable)
    label = np.array([record.is_melanoma for record in records], dtype=bool)
    groups = groups_of(records)
    if not can_fold(label[rows].astype(np.int64), groups[rows]):
        return None
    measures = {name: values[rows] for name, values in _measures(records, survey).items()}
    varied = {name: values for name, values in measures.items() if _varies(values)}
    predicted = by_trees(varied, label[rows].astype(np.int64), groups[rows])
    scores = {name: probability[:, 1] for name, probability in predicted.items()}
    constant = Estimate(value=None, reason="the same for all images")
    found = [Shortcut(name, constant, len(rows)) for name in measures if name not in scores]
    found += _judged(scores, groups[rows], label[rows])
    judged = rows[unseen[rows]]
    model = {"the model, on images that it did not learn from": survey.probability[judged]}
    return found + _judged(model, groups[judged], label[judged])


def predicting_source(records: Sequence[Record], survey: Survey) -> list[Shortcut] | None:
    """How well the image tells each source from the others; None of one source or too few lesions."""
    rows = np.flatnonzero(survey.readable)
    names, source = np.unique([records[row].source for row in rows.tolist()], return_inverse=True)
    groups = groups_of(records)[rows]
    if not can_fold(source, groups):
        return None
    probability = by_regression(survey.features[rows, 0].astype(np.float64), source, groups)
    return [
        each
        for number, name in enumerate(names)
        for each in _judged({str(name): probability[:, number]}, groups, source == number)
    ]


def _measures(records: Sequence[Record], survey: Survey) -> Mapping[str, Floats]:
    sources = np.array([[record.source] for record in records])
    single: dict[str, Floats] = {
        "source": (sources == np.unique(sources)[None]).astype(np.float64),
        "image size": np.stack([survey.width, survey.height], axis=1),
        "file size": survey.file_bytes[:, None],
        "JPEG quality": survey.jpeg_quality[:, None],
        "dark corners": survey.dark_corners[:, None],
        "ruler marks": survey.ruler[:, None],
        "hair": survey.hair[:, None],
        "border alone (outer tenth)": survey.border.astype(np.float64),
    }
    return single | {"all of these": np.concatenate(list(single.values()), axis=1)}


def _varies(values: Floats) -> bool:
    return any(len(np.unique(column[~np.isnan(column)])) > 1 for column in values.T)


def _judged(scores: Mapping[str, Floats], groups: NDArray[np.int64], label: Labels) -> list[Shortcut]:
    rankings = {name: Ranking.of(label, score) for name, score in scores.items()}

    def aucs(weights: Floats) -> dict[str, Floats]:
        return {name: ranking.count(weights).auc() for name, ranking in rankings.items()}

    lesions = [str(group) for group in groups]
    estimates = bootstrap(aucs, _why, lesions, label, replicates=REPLICATES, seed=0)
    return [Shortcut(name, estimate, len(label)) for name, estimate in estimates.items()]


def _why(name: str) -> str:
    return f"{name}: no AUC without images of both classes"
