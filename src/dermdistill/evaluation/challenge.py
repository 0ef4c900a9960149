"""An evaluation for the official scoring of the ISIC challenge of 2018: submission and ground truth."""

from collections.abc import Iterator

from dermdistill.evaluation.diagnoses import Frequencies
from dermdistill.evaluation.predictions import Predictions
from dermdistill.inference.diagnoses import balanced
from dermdistill.inference.isic2018 import CATEGORIES, HEADER, row


def submission(predictions: Predictions, frequencies: Frequencies) -> str:
    """The probabilities of every image whose diagnosis is one of the challenge's.

    Args:
        predictions: of a model of the challenge's seven diagnoses.
        frequencies: divided out of the probabilities; None leaves them as they are.
    """
    assert predictions.class_probabilities is not None
    read = predictions.class_probabilities
    if frequencies is not None:
        read = balanced(read, frequencies)
    rows = (
        row(predictions.image_id[i], dict(zip(predictions.classes, read[i], strict=True)))
        for i in _scored(predictions)
    )
    return "".join([HEADER, *rows])


def ground_truth(predictions: Predictions) -> str:
    """The diagnoses of the same images, in the same order: 1 in one column, 0 in the others."""
    rows = (
        row(
            predictions.image_id[i],
            {name: float(name == predictions.diagnosis[i]) for name in CATEGORIES.values()},
        )
        for i in _scored(predictions)
    )
    return "".join([HEADER, *rows])


def left_out(predictions: Predictions) -> int:
    """How many images have a diagnosis that is none of the challenge's."""
    return len(predictions) - sum(1 for _ in _scored(predictions))


def _scored(predictions: Predictions) -> Iterator[int]:
    known = set(CATEGORIES.values())
    return (i for i, name in enumerate(predictions.diagnosis) if name in known)
