"""An explanation as one picture: the photograph, where the model looked, and what it says."""

import io
from pathlib import Path

from PIL import Image, ImageDraw, PngImagePlugin

from dermdistill.inference.explain import ZOOMS, Explanation, Occlusion
from dermdistill.inference.importance_colours import (
    FULL_COLOUR,
    RAISES,
    SCALE_ENDS,
    Colour,
    colour_bar,
    overlay,
)
from dermdistill.inference.lettering import fit, font, wrapped
from dermdistill.inference.wording import DISCLAIMER, outcome, rates
from dermdistill.records import Pixels

PANEL = 480
"""Longest side of the photograph and of the map, pixels."""

_MARK = ("Software", "dermdistill explain")
_BACKGROUND: Colour = (255, 255, 255)
_INK: Colour = (25, 25, 25)
_FAINT: Colour = (95, 95, 95)
_GAP = 24
_WIDTH = 2 * PANEL + 3 * _GAP
_BAR_HEIGHT = 14


def draw_explanation(
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
    shown, importance = panels(explanation, photograph, PANEL)
    page = _Sheet()
    page.line(fit(name, font(18), _WIDTH - 2 * _GAP), 18)
    page.space(10)
    page.panels(shown, importance)
    page.bar()
    for text, points, colour in _caption(explanation, prevalence):
        page.paragraph(text, points, colour)
    return page.finished()


def panels(explanation: Explanation, photograph: Pixels, side: int) -> tuple[Image.Image, Image.Image]:
    """The photograph and its map, of one size, ``side`` pixels at their longest side."""
    shown = Image.fromarray(photograph)
    share = side / max(shown.size)
    size = (max(1, round(shown.width * share)), max(1, round(shown.height * share)))
    shown = shown.resize(size, Image.Resampling.LANCZOS)
    occlusion = explanation.occlusion
    return shown, overlay(shown, occlusion.importance, occlusion.window // 2)


def to_png(picture: Image.Image) -> bytes:
    """The bytes of a PNG file that ``is_our_picture`` knows again; nothing in it depends on the machine."""
    content = io.BytesIO()
    mark = PngImagePlugin.PngInfo()
    mark.add_text(*_MARK)
    picture.save(content, "PNG", pnginfo=mark)
    return content.getvalue()


def is_our_picture(path: Path) -> bool:
    """Whether a file was written by ``to_png``; False for what cannot be read."""
    if not path.is_file():  # opening a pipe would wait for its writer
        return False
    try:
        with path.open("rb") as file:
            begins = file.read(1024)
    except OSError:
        return False
    key, value = _MARK
    return begins.startswith(b"\x89PNG") and f"tEXt{key}\0{value}".encode() in begins


def about_places(occlusion: Occlusion) -> str:
    """Whether hiding a single place changes the decision, in one sentence."""
    if occlusion.decisive == 0:
        return (
            f"No single place explains this decision: it stays the same whichever of {occlusion.places} "
            "places is hidden."
        )
    verb = "changes" if occlusion.decisive == 1 else "change"
    return (
        f"{occlusion.decisive} of {occlusion.places} places {verb} this decision when hidden, each by itself."
    )


def _caption(explanation: Explanation, prevalence: float | None) -> list[tuple[str, int, Colour]]:
    """Paragraphs: text, size, colour."""
    prediction, views, occlusion = explanation.prediction, explanation.views, explanation.occlusion
    point, count = prediction.operating_point, len(views.probabilities)
    restated = "" if prevalence is None else f" P is re-stated for a prevalence of {prevalence:g}."
    return [
        (
            f"P(melanoma) = {prediction.probability:.3f}; over {count} views: "
            f"{views.lowest:.3f} to {views.highest:.3f}, mean {views.mean:.3f}",
            22,
            _INK,
        ),
        (
            f"{outcome(prediction.decision, prediction.warnings).capitalize()}. Operating point "
            f"{point.name}: melanoma from P = {point.threshold:.3g} on, {rates(point)}. "
            f"{views.called_melanoma} of {count} views are called melanoma.{restated}",
            16,
            _INK,
        ),
        (about_places(occlusion), 16, _INK),
        *((f"Warning: {warning}", 16, RAISES) for warning in prediction.warnings),
        (
            "Map: orange places raise P(melanoma), blue places lower it, by what its log-odds change when "
            f"the place is hidden (0.69 is half the odds). A place is a window of {occlusion.window} of "
            f"{len(occlusion.importance)} pixels a side; it is hidden by blurring it. All pictures have one "
            f"scale, with full colour from {FULL_COLOUR:g} on; the largest change in this one is "
            f"{occlusion.largest:+.2f}. The map shows what this model reacts to, not where a melanoma is.",
            14,
            _FAINT,
        ),
        (
            f"Views: mirrored, turned by quarters, up to {max(ZOOMS):g} times closer. Their range shows how "
            "much the answer depends on how the photograph was held; it is not a confidence interval of the "
            "diagnosis.",
            14,
            _FAINT,
        ),
        (f"model {prediction.model_id}; {DISCLAIMER}", 14, _FAINT),
    ]


class _Sheet:
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
        for line in wrapped(text, font(points), _WIDTH - 2 * _GAP):
            self.line(line, points, colour)
        self._y += 8

    def panels(self, left: Image.Image, right: Image.Image) -> None:
        """Two images of one size, each in the middle of its half."""
        offset = (PANEL - left.width) // 2
        for image, start in ((left, _GAP), (right, 2 * _GAP + PANEL)):
            self._parts.append(((start + offset, self._y), image))
        self._y += left.height + 14

    def bar(self) -> None:
        """What the colours mean, under the right image."""
        left = 2 * _GAP + PANEL
        self._parts.append(((left, self._y), colour_bar(PANEL, _BAR_HEIGHT)))
        self._y += _BAR_HEIGHT + 4
        lowers, raises = SCALE_ENDS
        for label, share in ((lowers, 0), ("log-odds", 0.5), (raises, 1)):
            self._text(left + share * (PANEL - font(14).getlength(label)), label, 14, _INK)
        self._y += 14 + 20

    def finished(self) -> Image.Image:
        picture = Image.new("RGB", (_WIDTH, self._y + _GAP - 8), _BACKGROUND)
        for corner, part in self._parts:
            picture.paste(part, corner)
        pen = ImageDraw.Draw(picture)
        for place, text, points, colour in self._texts:
            pen.text(place, text, fill=colour, font=font(points))
        return picture

    def _text(self, x: float, text: str, points: int, colour: Colour) -> None:
        self._texts.append(((x, self._y), text, points, colour))
