"""What a network learns to name: melanoma or not, or all the diagnoses of the source."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dermdistill.errors import UserError
from dermdistill.records import MELANOMA, OTHER, Record

_BINARY = (OTHER, MELANOMA)


NOT_LEARNED = -1
"""The class of an image whose diagnosis is none of a network's outputs."""

_LEAST_SHARE = 1 / 1000


def classes_of(records: Sequence[Record], target: str) -> tuple[str, ...]:
    """The names of a network's outputs, in order; melanoma is always one of them.

    Args:
        records: the training records.
        target: ``binary`` gives ``(other, melanoma)``; ``diagnoses`` the sorted diagnoses of ``records``,
            without those of less than one in a thousand: nothing is learned from a handful of images.

    Raises:
        UserError: ``diagnoses`` was asked for and the records hold fewer than two.
    """
    if target == "binary":
        return _BINARY
    found = Counter(record.diagnosis for record in records)
    if len(found) < 2 or MELANOMA not in found:
        raise UserError(
            f"data.target = 'diagnoses': the training images have only {', '.join(sorted(found))}; "
            "expected melanoma and at least one other diagnosis"
        )
    least = _LEAST_SHARE * len(records)
    return tuple(sorted(name for name, count in found.items() if count >= least or name == MELANOMA))


def class_indices(records: Sequence[Record], classes: Sequence[str]) -> NDArray[np.int64]:
    """The class of each record ``(N,)``; in a binary target every other diagnosis is ``other``.

    A diagnosis that is none of ``classes`` has the class ``NOT_LEARNED``.
    """
    index = {name: i for i, name in enumerate(classes)}
    fallback = index[OTHER] if tuple(classes) == _BINARY else NOT_LEARNED
    return np.array([index.get(record.diagnosis, fallback) for record in records], dtype=np.int64)


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


def class_frequencies(records: Sequence[Record], classes: Sequence[str], weights: str) -> NDArray[np.float64]:
    """Share of each class ``(C,)`` as a network meets it in training, summing to 1.

    Args:
        records: of the training images; they hold every class, and those of no class were left out.
        classes: of the network, in order.
        weights: kind of ``class_weights``; a class of twice the weight counts as twice as frequent.
    """
    labels = class_indices(records, classes)
    labels = labels[labels != NOT_LEARNED]
    shares = np.bincount(labels, minlength=len(classes)).astype(np.float64)
    weight = class_weights(labels, len(classes), weights)
    if weight is not None:
        shares *= weight
    result: NDArray[np.float64] = shares / shares.sum()
    return result
