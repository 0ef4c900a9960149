"""Confusion matrices, one a group of models."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dermdistill.report import numbers
from dermdistill.report.groups import Group


@dataclass(frozen=True, slots=True)
class Entry:
    """Images of one truth under one call; ``share`` of the truth's images, in [0, 1]."""

    count: str
    percent: str
    share: float


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """Counts of test images: each row a truth, its entries called other and called melanoma."""

    label: str
    rows: tuple[tuple[str, tuple[Entry, Entry]], ...]


def confusion_matrices(groups: Sequence[Group], point: str) -> list[ConfusionMatrix]:
    """One matrix a group at an operating point, the mean over its seeds; none where it is missing."""
    return [_matrix(group, point) for group in groups if point in group.mean.operating_points]


def _matrix(group: Group, point: str) -> ConfusionMatrix:
    counts = np.mean([model.evaluation.operating_points[point].confusion for model in group.models], axis=0)
    other, melanoma = (_entries(row) for row in counts.tolist())
    return ConfusionMatrix(group.label, (("is other", other), ("is melanoma", melanoma)))


def _entries(row: list[float]) -> tuple[Entry, Entry]:
    total = sum(row)
    left, right = (
        Entry(
            numbers.mean_count(count),
            numbers.percent(count, total),
            round(count / total, 3) if total else 0.0,
        )
        for count in row
    )
    return left, right
