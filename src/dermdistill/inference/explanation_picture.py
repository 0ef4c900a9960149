"""An explanation as one picture: the photograph, where the model looked, and what it says."""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dermdistill.inference.explain import ZOOMS, Explanation
from dermdistill.inference.wording import DISCLAIMER, rates
from dermdistill.records import MELANOMA, Pixels

Floats = NDArray[np.float64]
Colour = tuple[int, int, int]

PANEL = 480
"""Longest side of the photograph and of the map, pixels."""

RAISES: Colour = (213, 62, 0)
LOWERS: Colour = (0, 84, 180)
"""Orange and blue of equal weight: told apart with every common form of colour blindness (Okabe & Ito)."""

LEAST_SCALE = 0.1
"""Full colour never stands for a smaller change of the log-odds: a model that looks nowhere shows grey."""

_BACKGROUND: Colour = (255, 255, 255)
_INK: Colour = (25, 25, 25)
_FAINT: Colour = (95, 95, 95)
_BAR_GREY = 200
_MOST_COVER = 0.85
_GAP = 24
_WIDTH = 2 * PANEL + 3 * _GAP
_BAR_HEIGHT = 14


def draw(
    explanation: Explanation, photograph: Pixels, name: str, prevalence: float | None = None
) -> Image.Image:
    """Draw an explanation.

    Args:
        explanation: what to show.
        photograph: RGB ``(H, W, 3)``; any resolution, the shape and orientation that the explanation is of.
        name: of the photograph; cut in the middle where it is too long.
        prevalence: that P was re-stated for, if it was.

    Returns:
        An RGB picture; the same arguments give the same pixels.
    """
    shown = Image.fromarray(photograph)
    shown = shown.resize(_fitted(shown.size), Image.Resampling.LANCZOS)
    scale = max(float(np.abs(explanation.importance).max()), LEAST_SCALE)
    page = _Page()
    page.line(fit(name, _font(18), _WIDTH - 2 * _GAP), 18)
    page.space(10)
    page.panels(shown, overlay(shown, explanation.importance, explanation.window // 2, scale))
    page.bar(scale)
    for text, points, colour in _caption(explanation, prevalence):
        page.paragraph(text, points, colour)
    return page.finished()


def to_png(picture: Image.Image) -> bytes:
    """The bytes of a PNG file, without metadata."""
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def overlay(shown: Image.Image, importance: Floats, step: int, scale: float) -> Image.Image:
    """The photograph in grey, covered by orange where P is raised and by blue where it is lowered.

    Args:
        shown: the photograph.
        importance: ``(S, S)``; stretched to the photograph, as the photograph was stretched to the network.
        step: between windows; between their values is interpolated, for a border of a window is none of the
            lesion's.
        scale: the value at which the colour is full.
    """
    cells = max(1, round(len(importance) / step))
    coarse = Image.fromarray(importance.astype(np.float32)).resize((cells, cells), Image.Resampling.BOX)
    stretched = coarse.resize(shown.size, Image.Resampling.BICUBIC)
    grey = np.asarray(shown.convert("L"), dtype=np.float64)
    # Lifted shadows: a dark lesion would swallow the colours.
    return Image.fromarray(_coloured(70 + grey * (185 / 255), np.asarray(stretched) / scale))


def _coloured(grey: Floats, value: Floats) -> Pixels:
    """Colour ``(H, W, 3)`` of values from -1 to 1 on grey levels from 0 to 255."""
    cover = (_MOST_COVER * np.clip(np.abs(value), 0, 1))[..., None]
    colour = np.where((value > 0)[..., None], RAISES, LOWERS)
    return np.rint(grey[..., None] * (1 - cover) + colour * cover).astype(np.uint8)


def _caption(explanation: Explanation, prevalence: float | None) -> list[tuple[str, int, Colour]]:
    """Paragraphs: text, size, colour."""
    prediction, views = explanation.prediction, explanation.views
    point, count = prediction.operating_point, len(views.probabilities)
    restated = "" if prevalence is None else f" P is re-stated for a prevalence of {prevalence:g}."
    called = "melanoma" if prediction.decision == MELANOMA else "not melanoma"
    side = len(explanation.importance)
    return [
        (
            f"P(melanoma) = {prediction.probability:.3f}; over {count} views: "
            f"{views.lowest:.3f} to {views.highest:.3f}, mean {views.mean:.3f}",
            22,
            _INK,
        ),
        (
            f"Called {called}. Operating point {point.name}: melanoma from P = {point.threshold:.3g} on, "
            f"{rates(point)}. {views.called_melanoma} of {count} views are called melanoma.{restated}",
            16,
            _INK,
        ),
        *((f"Warning: {warning}", 16, RAISES) for warning in prediction.warnings),
        (
            "Map: how far the log-odds of melanoma fall when a place is blurred away, a window of "
            f"{explanation.window} of {side} pixels a side; 0.69 is half the odds. It shows what this model "
            "reacts to, not where a melanoma is.",
            14,
            _FAINT,
        ),
        (
            f"Views: mirrored, turned by quarters, up to {max(ZOOMS):g} times closer. Their range shows how "
            "much the answer depends on how the photograph was held; it is no confidence interval of the "
            "diagnosis.",
            14,
            _FAINT,
        ),
        (f"model {prediction.model_id}; {DISCLAIMER}", 14, _FAINT),
    ]


class _Page:
    """A white page of fixed width that is filled from above."""

    def __init__(self) -> None:
        self._parts: list[tuple[tuple[int, int], Image.Image]] = []
        self._texts: list[tuple[tuple[float, float], str, int, Colour]] = []
        self._y = _GAP

    def space(self, height: int) -> None:
        self._y += height

    def line(self, text: str, points: int, colour: Colour = _INK) -> None:
        self._text(_GAP, text, points, colour)
        self._y += round(points * 1.35)

    def paragraph(self, text: str, points: int, colour: Colour) -> None:
        for line in wrapped(text, _font(points), _WIDTH - 2 * _GAP):
            self.line(line, points, colour)
        self._y += 8

    def panels(self, left: Image.Image, right: Image.Image) -> None:
        """Two images of one size, each in the middle of its half."""
        offset = (PANEL - left.width) // 2
        for image, start in ((left, _GAP), (right, 2 * _GAP + PANEL)):
            self._parts.append(((start + offset, self._y), image))
        self._y += left.height + 14

    def bar(self, scale: float) -> None:
        """What the colours mean, under the right image."""
        left = 2 * _GAP + PANEL
        values = np.broadcast_to(np.linspace(-1, 1, PANEL), (_BAR_HEIGHT, PANEL))
        grey = np.full(values.shape, float(_BAR_GREY))
        self._parts.append(((left, self._y), Image.fromarray(_coloured(grey, values))))
        self._y += _BAR_HEIGHT + 4
        labels = (f"lowers P  {-scale:.2f}", "change of log-odds", f"+{scale:.2f}  raises P")
        for label, share in zip(labels, (0, 0.5, 1), strict=True):
            self._text(left + share * (PANEL - _font(14).getlength(label)), label, 14, _INK)
        self._y += 14 + 20

    def finished(self) -> Image.Image:
        picture = Image.new("RGB", (_WIDTH, self._y + _GAP - 8), _BACKGROUND)
        for corner, part in self._parts:
            picture.paste(part, corner)
        pen = ImageDraw.Draw(picture)
        for place, text, points, colour in self._texts:
            pen.text(place, text, fill=colour, font=_font(points))
        return picture

    def _text(self, x: float, text: str, points: int, colour: Colour) -> None:
        self._texts.append(((x, self._y), text, points, colour))


Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def _font(points: int) -> Font:
    """The font that comes with Pillow: the same on every machine."""
    return ImageFont.load_default(points)


def fit(text: str, font: Font, width: float) -> str:
    """The text, its middle left out where it is wider than ``width`` pixels."""
    if font.getlength(text) <= width:
        return text
    kept = len(text) - 1
    while kept > 1 and font.getlength(_without_middle(text, kept)) > width:
        kept -= 1
    return _without_middle(text, kept)


def wrapped(text: str, font: Font, width: float) -> Sequence[str]:
    """Lines of at most ``width`` pixels; a word that is wider by itself is cut in its middle."""
    lines: list[str] = []
    for word in text.split():
        word = fit(word, font, width)
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _without_middle(text: str, kept: int) -> str:
    return text[: (kept + 1) // 2] + "..." + text[len(text) - kept // 2 :]


def _fitted(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height with ``PANEL`` as the longest side."""
    share = PANEL / max(size)
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))
