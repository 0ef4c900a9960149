"""Copies and other photographs of one lesion: by content, by perceptual hash, by the model's features."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from dermdistill.audit.feature_distance import FeatureDistance
from dermdistill.audit.findings import Finding, KindName
from dermdistill.audit.left_out import preference
from dermdistill.audit.survey import Survey
from dermdistill.data.diagnoses import contradict
from dermdistill.data.image_pairs import ImagePairs, near_pairs
from dermdistill.data.perceptual_hash import SAME_PHOTOGRAPH, similar_pairs
from dermdistill.records import Record

SAME_LESION = 0.25
"""Two images are perhaps of one lesion up to this distance of their features; measured in docs/audit.md."""

SURE = 0.002
"""Up to this distance of their hashes, two images are copies whatever their features are."""

ALIKE = 0.5
"""Beyond it, the features of copies are at most this far apart; quarter-turned ones may be farther."""


def copies(records: Sequence[Record], survey: Survey) -> list[Finding]:
    """Exact and near copies, those across splits first, and those whose labels contradict each other."""
    exact = _exact(survey.contents, survey.readable)
    near = _near(survey, exact)
    found = [_finding(records, "exact-copy", one, other, 0.0) for one, other in exact]
    found += [
        _finding(records, "near-copy", one, other, distance) for one, other, distance in near.as_tuples()
    ]
    return sorted(found, key=lambda each: (not _crosses(records, each), each.score))


def other_photographs(
    records: Sequence[Record], survey: Survey, known: Iterable[Finding], *, limit: float = SAME_LESION
) -> list[Finding]:
    """Pairs that may show one lesion, of which neither ids nor ``known`` findings tell; none of few images.

    Those across splits come first.
    """
    distance = FeatureDistance.of(survey.features)
    if distance is None:
        return []
    pairs = near_pairs(distance.table, len(records), limit=limit)
    already = {finding.images for finding in known}
    found = [
        Finding("same-lesion", (one, other), distance, _where(records, one, other))
        for one, other, distance in pairs.as_tuples()
        if records[one].lesion_id != records[other].lesion_id and (one, other) not in already
    ]
    return sorted(found, key=lambda each: (not _crosses(records, each), each.score))


def _exact(contents: Sequence[str], readable: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The first of the images of one content with each of the others."""
    rows_of: defaultdict[str, list[int]] = defaultdict(list)
    for row, content in enumerate(contents):
        if readable[row]:
            rows_of[content].append(row)
    return [(first, other) for first, *others in rows_of.values() for other in others]


def _near(survey: Survey, exact: Sequence[tuple[int, int]]) -> ImagePairs:
    """Near copies among images of different content.

    Small dark lesions in the middle of plain skin have similar hashes, so the features must agree as well.
    """
    coefficients = survey.coefficients.copy()
    coefficients[[other for _, other in exact]] = 0
    pairs = similar_pairs(coefficients, SAME_PHOTOGRAPH)
    features = FeatureDistance.of(survey.features)
    if features is None:
        return pairs
    return pairs.take((pairs.distance <= SURE) | (features.of_pairs(pairs.first, pairs.second) <= ALIKE))


def _finding(records: Sequence[Record], kind: KindName, one: int, other: int, distance: float) -> Finding:
    where = _where(records, one, other)
    first, second = records[one], records[other]
    if contradict(first.diagnosis, second.diagnosis):
        detail = f"{first.diagnosis} and {second.diagnosis}; {where}"
        return Finding("copy-with-another-label", (one, other), distance, detail, (one, other))
    # Two photographs of one lesion may be as near as copies, and both are worth learning from.
    harmless = kind == "near-copy" and first.lesion_id == second.lesion_id and first.split == second.split
    return Finding(kind, (one, other), distance, where, () if harmless else (_second(records, one, other),))


def _second(records: Sequence[Record], one: int, other: int) -> int:
    return max(one, other, key=lambda row: (preference(records[row]), records[row].image_id))


def _crosses(records: Sequence[Record], finding: Finding) -> bool:
    return len({records[row].split for row in finding.images} - {None}) > 1


def _where(records: Sequence[Record], one: int, other: int) -> str:
    parts = []
    for what, values in (
        ("splits", (records[one].split, records[other].split)),
        ("sources", (records[one].source, records[other].source)),
    ):
        if None not in values and values[0] != values[1]:
            parts.append(f"{what} {values[0]} and {values[1]}")
    same_lesion = records[one].lesion_id == records[other].lesion_id
    return "; ".join(parts) or ("same lesion" if same_lesion else "different lesion ids")
