"""Predictions of small models for images that they have not seen, for what nobody trained a network on.

Five folds, lesions and patients whole, classes as even as that allows. Needs scikit-learn (extra ``train``).
"""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from dermdistill.data.grouping import connected
from dermdistill.records import Record

Floats = NDArray[np.float64]

FOLDS = 5
TREES = 60


def available() -> bool:
    """Whether scikit-learn is installed."""
    try:
        return find_spec("sklearn") is not None
    except ImportError:
        return False


def groups_of(records: Sequence[Record]) -> NDArray[np.int64]:
    """The number of what must not be divided, ``(N,)``: images that share a lesion or a patient."""
    return np.array(connected([{f"lesion:{record.lesion_id}", record.group} for record in records]))


def can_fold(label: NDArray[np.int64], groups: NDArray[np.int64]) -> bool:
    """Whether every class has a group for every fold."""
    return len(np.unique(label)) > 1 and all(
        len(np.unique(groups[label == each])) >= FOLDS for each in np.unique(label)
    )


def by_trees(
    values: Mapping[str, Floats], label: NDArray[np.int64], groups: NDArray[np.int64]
) -> dict[str, Floats]:
    """P(class) ``(N, C)`` from each of several sets of numbers ``(N, K)``, in any relation to it.

    Not all numbers of a set are NaN.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    trees = HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=8, learning_rate=0.1, early_stopping=False, random_state=0
    )
    # Not left to the trees: they fail where a fold has no value at all.
    numbers = {name: np.nan_to_num(each, nan=np.nanmin(each) - 1) for name, each in values.items()}
    return _out_of_fold(trees, numbers, label, groups)


def by_regression(values: Floats, label: NDArray[np.int64], groups: NDArray[np.int64]) -> Floats:
    """P(class) ``(N, C)`` by logistic regression on standardised numbers ``(N, K)``."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    return _out_of_fold(model, {"": values}, label, groups)[""]


def _out_of_fold(
    model: object, values: Mapping[str, Floats], label: NDArray[np.int64], groups: NDArray[np.int64]
) -> dict[str, Floats]:
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    dealt = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    # Once for all: dealing thousands of groups takes longer than fitting the trees.
    folds = list(dealt.split(label, label, groups))
    return {
        name: cross_val_predict(model, each, label, cv=folds, method="predict_proba")
        for name, each in values.items()
    }
