"""What a network learns to name: melanoma or not, or all the diagnoses of the source."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dermdistill.errors import UserError
from dermdistill.records import MELANOMA, OTHER, Record

_BINARY = (OTHER, MELANOMA)


def classes_of(records: Sequence[Record], target: str) -> tuple[str, ...]:
    """The names of a network's outputs, in order; melanoma is always one of them.

    Args:
        records: the training records: a diagnosis that never occurs there cannot be learned.
        target: ``binary`` gives ``(other, melanoma)``; ``diagnoses`` the sorted diagnoses of ``records``.

    Raises:
        UserError: ``diagnoses`` was asked for and the records hold fewer than two.
    """
    if target == "binary":
        return _BINARY
    found = tuple(sorted({record.diagnosis for record in records}))
    if len(found) < 2 or MELANOMA not in found:
        raise UserError(
            f"data.target = 'diagnoses': the training images have only {', '.join(found)}; "
            "expected melanoma and at least one other diagnosis"
        )
    return found


def class_indices(records: Sequence[Record], classes: Sequence[str]) -> NDArray[np.int64]:
    """The class of each record ``(N,)``; in a binary target every other diagnosis is ``other``.

    Raises:
        UserError: a diagnosis that is not among ``classes``.
    """
    index = {name: i for i, name in enumerate(classes)}
    fallback = index[OTHER] if tuple(classes) == _BINARY else None
    numbers = [index.get(record.diagnosis, fallback) for record in records]
    for record, number in zip(records, numbers, strict=True):
        if number is None:
            raise UserError(
                f"{record.image_id}: diagnosis {record.diagnosis!r} does not occur in the training split; "
                "use data.target = 'binary' or another data.split_seed"
            )
    return np.array(numbers, dtype=np.int64)


def class_weights(labels: NDArray[np.int64], classes: int, kind: str) -> NDArray[np.float32] | None:
    """Weight of each class in the hard-label loss; only their ratios matter there.

    Args:
        labels: ``(N,)`` class indices of the training images.
        classes: number of classes.
        kind: ``none`` gives None; ``balanced`` weighs by 1 / frequency, ``sqrt`` by its square root.
    """
    if kind == "none":
        return None
    counts = np.maximum(np.bincount(labels, minlength=classes), 1)
    weights = (counts / counts.mean()) ** (-1.0 if kind == "balanced" else -0.5)
    return np.asarray(weights, dtype=np.float32)


def class_frequencies(
    records: Sequence[Record], classes: Sequence[str], *, balanced: bool, weights: str
) -> NDArray[np.float64]:
    """Share of each class ``(C,)`` as a network meets it in training, summing to 1.

    Args:
        records: of the training images; they hold every class.
        classes: of the network, in order.
        balanced: whether each class of each source is drawn equally often (``data.balance``).
        weights: kind of ``class_weights``; a class of twice the weight counts as twice as frequent.
    """
    labels = class_indices(records, classes)
    drawn = labels
    if balanced:
        pairs = {(record.source, int(label)) for record, label in zip(records, labels, strict=True)}
        drawn = np.array([label for _, label in pairs], dtype=np.int64)
    shares = np.bincount(drawn, minlength=len(classes)).astype(np.float64)
    weight = class_weights(labels, len(classes), weights)
    if weight is not None:
        shares *= weight
    result: NDArray[np.float64] = shares / shares.sum()
    return result
