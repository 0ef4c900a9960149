"""Labels that a small model, which has not seen the image, would have guessed otherwise.

Confident learning (Northcutt, Jiang and Chuang 2021): an image is suspicious where the other class is at
least as probable as it is on average for images of that class.
"""

from collections.abc import Sequence

import numpy as np

from dermdistill.audit.findings import Finding
from dermdistill.audit.out_of_fold import by_regression, can_fold, groups_of
from dermdistill.audit.survey import Survey
from dermdistill.records import MELANOMA, Record


def suspicious_labels(records: Sequence[Record], survey: Survey) -> list[Finding] | None:
    """Images whose label the features speak against, the most suspicious first; None of too few lesions."""
    rows = np.flatnonzero(survey.readable)
    label = np.array([record.is_melanoma for record in records], dtype=np.int64)[rows]
    groups = groups_of(records)[rows]
    if not can_fold(label, groups):
        return None
    probability = by_regression(survey.features[rows, 0].astype(np.float64), label, groups)
    usual = np.array([probability[label == each, each].mean() for each in (0, 1)])
    own = probability[np.arange(len(rows)), label]
    other = 1 - own
    suspicious = np.flatnonzero((other >= usual[1 - label]) & (other > own))
    return [
        Finding("suspicious-label", (int(rows[i]),), float(own[i]), _detail(records[rows[i]], float(own[i])))
        for i in suspicious[np.argsort(own[suspicious], kind="stable")]
    ]


def _detail(record: Record, own: float) -> str:
    melanoma = own if record.is_melanoma else 1 - own
    return f"labelled {record.diagnosis}; P({MELANOMA}) {melanoma:.2f}"
