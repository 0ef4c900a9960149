"""Images that no network should learn from, or that a person should look at first."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dermdistill.audit.findings import Finding, KindName
from dermdistill.audit.survey import Survey
from dermdistill.inference.detector import DetectorLimits
from dermdistill.inference.model_info import ModelInfo

BLANK_CONTRAST = 3.0
"""Standard deviation of the luminance, in grey levels, below which an image is blank."""


class _Measure(NamedTuple):
    """A kind, its score ``(N,)``, which images are of it ``(N,)``, and what to say of one."""

    kind: KindName
    score: NDArray[np.float64]
    found: NDArray[np.bool_]
    detail: Callable[[int], str]


def poor_images(survey: Survey, info: ModelInfo) -> list[Finding]:
    """Images that are unreadable, blank, tiny, blurred, or odd; each under one of these."""
    found = [
        Finding("unreadable", (row,), 0.0, error, (row,)) for row, error in enumerate(survey.errors) if error
    ]
    named = {row for finding in found for row in finding.images}
    for kind, score, is_found, detail in _measures(survey, info):
        rows = [row for row in np.flatnonzero(is_found).tolist() if row not in named]
        named.update(rows)
        found += [
            Finding(kind, (row,), float(score[row]), detail(row), (row,) if kind == "blank" else ())
            for row in sorted(rows, key=score.__getitem__)
        ]
    return found


def _measures(survey: Survey, info: ModelInfo) -> Iterator[_Measure]:
    """What can be wrong with an image that can be read, the surest first; comparisons with NaN are False."""
    contrast, size = survey.contrast, info.input.size
    yield _Measure(
        "blank",
        contrast,
        contrast < BLANK_CONTRAST,
        lambda row: f"standard deviation of luminance {contrast[row]:.1f}",
    )
    side = np.minimum(survey.width, survey.height)
    yield _Measure(
        "tiny",
        side,
        side < size,
        lambda row: (
            f"{survey.width[row]:.0f} x {survey.height[row]:.0f} px; the model's input is {size} x {size}"
        ),
    )
    if (reference := info.reference) is not None:
        sharpness = survey.statistics[:, -1]
        yield _Measure(
            "blurred",
            sharpness,
            sharpness < reference.blurred,
            lambda row: f"log sharpness {sharpness[row]:.2f}",
        )
    if (limits := info.detector) is not None:
        yield _Measure(
            "not-dermoscopic",
            -survey.detector[:, 0],
            limits.exceeded(survey.detector),
            lambda row: _of_detector(survey.detector[row], limits),
        )


def _of_detector(answers: NDArray[np.float64], limits: DetectorLimits) -> str:
    log_odds, distance = answers
    return (
        f"log-odds {log_odds:.1f} (limit {limits.log_odds:.1f}), "
        f"distance {distance:.1f} (limit {limits.distance:.1f})"
    )
