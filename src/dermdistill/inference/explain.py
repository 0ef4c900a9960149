"""Where a model looked, and how much its answer depends on how the photograph was held.

Both work on any model of ``load``: they only change the image and watch P(melanoma).
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from dermdistill.cores import default_workers
from dermdistill.data.decoding.limits import Decoded
from dermdistill.data.images import resize
from dermdistill.digits import six_digits
from dermdistill.inference.image_input import ImageInput
from dermdistill.inference.model import Model, load
from dermdistill.inference.prediction import Prediction, Value
from dermdistill.records import Pixels

Floats = NDArray[np.float64]

FINDINGS = (
    *("views", "views_mean", "views_lowest", "views_highest", "views_called_melanoma"),
    *("largest_change", "places", "decisive_places", "network_runs"),
)
"""What an explanation adds to the record of a prediction."""

ZOOMS = (1.0, 1.1, 1.2)
"""Of the views: how much closer than the photograph. Farther away there is nothing to show."""

# An eighth of the side: small against most lesions, large enough to hide what a few pixels cannot.
_WINDOWS_A_SIDE = 8
# Activations need a kilobyte per pixel: larger batches are no faster and cost memory.
_PIXELS_A_BATCH = 2**13
_MAX_THREADS = 8


@dataclass(frozen=True, slots=True)
class Views:
    """P(melanoma) of the photograph mirrored, turned by quarters and seen from closer.

    Their range says how much this model's answer depends on how the photograph was held. It is not a
    confidence interval of the diagnosis: a model that is wrong in the same way on every view has a narrow
    one.

    Attributes:
        probabilities: one a view, that of the photograph as it is first.
        called_melanoma: how many of the views the operating point calls melanoma.
    """

    probabilities: tuple[float, ...]
    called_melanoma: int

    @property
    def mean(self) -> float:
        """The average of P(melanoma)."""
        return sum(self.probabilities) / len(self.probabilities)

    @property
    def lowest(self) -> float:
        """The smallest P(melanoma)."""
        return min(self.probabilities)

    @property
    def highest(self) -> float:
        """The largest P(melanoma)."""
        return max(self.probabilities)


@dataclass(frozen=True, slots=True, eq=False)
class Occlusion:
    """What hiding one place after the other does to the answer.

    Attributes:
        importance: ``(S, S)``, natural log-odds; above 0 where the place raises P(melanoma), below 0 where it
            lowers it.
        window: side of a place, pixels of the network's input.
        places: how many were hidden, one at a time.
        decisive: how many of them change the decision when they are hidden. Where there is none, no single
            place explains the decision.
    """

    importance: Floats = field(repr=False)
    window: int
    places: int
    decisive: int

    @property
    def largest(self) -> float:
        """The largest importance of a place, with its sign."""
        return float(self.importance.flat[np.abs(self.importance).argmax()])


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What a model says of a photograph, and what made it say so.

    Attributes:
        prediction: of the photograph as it is, the same as ``Model.predict_file`` gives.
        views: P(melanoma) of its views.
        occlusion: of the photograph stretched to the network's input.
        runs: how often the network ran.
    """

    prediction: Prediction
    views: Views
    occlusion: Occlusion
    runs: int

    def to_dict(self) -> dict[str, Value]:
        """The record of the prediction, then the keys of ``FINDINGS`` (see ``docs/output.md``)."""
        views, occlusion = self.views, self.occlusion
        probabilities = map(six_digits, (views.mean, views.lowest, views.highest))
        findings: tuple[Value, ...] = (
            *(len(views.probabilities), *probabilities, views.called_melanoma),
            *(six_digits(occlusion.largest), occlusion.places, occlusion.decisive, self.runs),
        )
        return self.prediction.to_dict() | dict(zip(FINDINGS, findings, strict=True))


def explain(image: ImageInput, model: Model | None = None, *, frame: int | None = None) -> Explanation:
    """Explain the answer of a model to an image; the same image and model give the same numbers.

    ``dermdistill explain`` draws a picture of it.

    Args:
        image: a path, the content of a file as bytes, a binary file object, a Pillow image, or an RGB array
            ``(H, W, 3)`` uint8.
        model: of ``load``; the packaged one unless given.
        frame: which image of a DICOM file that holds several, from 1.

    Raises:
        UserError: the image cannot be read.
    """
    model = model or load()
    path = str(image) if isinstance(image, str | os.PathLike) else None
    return explain_decoded(model, model.read(image, frame=frame), path=path, frame=frame)


def explain_decoded(
    model: Model, read: Decoded, *, path: str | None = None, frame: int | None = None
) -> Explanation:
    """The same for what ``model.read`` gave; the prediction carries ``path`` and ``frame``."""
    prediction = model.score_decoded(read, path=path, frame=frame)
    views = score_views(model, read.pixels)
    occlusion = occlude(model, resize(read.pixels, model.info.input.size))
    return Explanation(
        prediction=prediction,
        views=views,
        occlusion=occlusion,
        runs=1 + len(views.probabilities) + 1 + occlusion.places,
    )


def score_views(model: Model, pixels: Pixels) -> Views:
    """Score the views of an image ``(H, W, 3)``."""
    scored = [model.score(view) for view in views_of(pixels)]
    calls = sum(model.operating_point.calls_melanoma(each.probability) for each in scored)
    return Views(tuple(each.probability for each in scored), calls)


def views_of(pixels: Pixels) -> Iterator[Pixels]:
    """The eight mirrored and quarter-turned views at each zoom, the image ``(H, W, 3)`` as it is first."""
    height, width = pixels.shape[:2]
    for zoom in ZOOMS:
        top, left = (round(side * (1 - 1 / zoom) / 2) for side in (height, width))
        centre = pixels[top : height - top, left : width - left]
        for quarters in range(4):
            turned = np.rot90(centre, quarters)
            yield np.ascontiguousarray(turned)
            yield np.ascontiguousarray(turned[:, ::-1])


def occlude(model: Model, pixels: Pixels) -> Occlusion:
    """How far the log-odds of melanoma fall when a place is hidden (Zeiler & Fergus 2014).

    A square window slides over the image by half its side; in each position what it covers is blurred until
    nothing smaller than the window is left, and the fall is shared by the covered pixels: a pixel's value is
    the mean over the windows that covered it.

    Log-odds, not P: near 0 and 1, P hardly changes, and the same evidence would count for less in a clear
    image than in a doubtful one. Log-odds add up evidence. Blurred, not painted black or grey: an even patch
    on skin is itself a sign to the network, and then the map shows the patch.

    Args:
        model: asked for its log-odds, once per window.
        pixels: the image at the network's input size ``(S, S, 3)``.
    """
    size = len(pixels)
    window = window_of(size)
    blurred = np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(window)))
    corners = _corners(size, window)
    places = [_place(row, column, window) for row in corners for column in corners]
    log_odds = model.log_odds(pixels[None])
    without = _log_odds_without(model, pixels, blurred, places)
    changed = model.calls_melanoma(without) != model.calls_melanoma(log_odds)
    total, covered = np.zeros((2, size, size))
    for place, fall in zip(places, log_odds - without, strict=True):
        total[place] += fall
        covered[place] += 1
    return Occlusion(total / covered, window, len(places), int(changed.sum()))


def window_of(size: int) -> int:
    """Side of the window, even, for an input of this size."""
    return max(2, 2 * round(size / _WINDOWS_A_SIDE / 2))


def _corners(size: int, window: int) -> range:
    """Where windows begin; the first and last overhang, so that every pixel is covered equally often."""
    return range(-(window // 2), size, window // 2)


def _place(row: int, column: int, window: int) -> tuple[slice, slice]:
    return slice(max(row, 0), row + window), slice(max(column, 0), column + window)


def _log_odds_without(
    model: Model, pixels: Pixels, filling: Pixels, places: list[tuple[slice, slice]]
) -> Floats:
    """Log-odds ``(len(places),)`` of the image with one place after the other replaced by the filling."""

    def score(batch: list[tuple[slice, slice]]) -> Floats:
        copies = np.repeat(pixels[None], len(batch), axis=0)
        for copy, place in zip(copies, batch, strict=True):
            copy[place] = filling[place]
        return model.log_odds(copies)

    count = max(1, _PIXELS_A_BATCH // (pixels.shape[0] * pixels.shape[1]))
    batches = [places[start : start + count] for start in range(0, len(places), count)]
    with ThreadPoolExecutor(min(default_workers(), _MAX_THREADS)) as pool:
        return np.concatenate(list(pool.map(score, batches)))
