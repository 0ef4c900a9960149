"""Many explanations on one picture: every photograph beside its map, with P(melanoma) and the decision."""

from dataclasses import dataclass, field
from typing import Literal

from PIL import Image, ImageDraw

from dermdistill.inference.explain import Explanation
from dermdistill.inference.explanation_picture import panels
from dermdistill.inference.importance_colours import SCALE_ENDS, Colour, colour_bar
from dermdistill.inference.lettering import fit, font, wrapped
from dermdistill.inference.wording import outcome
from dermdistill.records import Pixels

Order = Literal["input", "probability"]

MOST_PICTURES = 200
"""Photographs on a sheet: a larger one is more than most programs can show."""

_SIDE = 240
_BETWEEN = 8
_GAP = 24
_TILE = 2 * _SIDE + _BETWEEN
_LINE = 20
_TILE_HEIGHT = _SIDE + 6 + 3 * _LINE + _GAP
_LEAST_COLUMNS, _MOST_COLUMNS = 2, 4
_BAR_WIDTH, _BAR_HEIGHT = 2 * _SIDE, 14
_BACKGROUND: Colour = (255, 255, 255)
_INK: Colour = (25, 25, 25)
_FAINT: Colour = (95, 95, 95)


@dataclass(frozen=True, slots=True)
class _Tile:
    probability: float
    shown: Image.Image
    importance: Image.Image
    lines: tuple[str, str, str]


@dataclass(slots=True)
class ContactSheet:
    """Takes explanations one by one; holds at most ``MOST_PICTURES`` of them.

    Attributes:
        order: as they come, or the highest P(melanoma) first.
        added: how many there were; of more than ``MOST_PICTURES`` the first are shown, or the highest.
    """

    order: Order = "input"
    added: int = 0
    _tiles: list[_Tile] = field(default_factory=list, repr=False)

    def add(self, explanation: Explanation, photograph: Pixels, name: str) -> None:
        """Add a photograph, RGB ``(H, W, 3)``, with its explanation; a name that is too long is cut."""
        self.added += 1
        prediction = explanation.prediction
        remarks = []
        if explanation.occlusion.decisive == 0:
            remarks.append("no single place explains it")
        if prediction.warnings:
            count = len(prediction.warnings)
            remarks.append("1 warning" if count == 1 else f"{count} warnings")
        lines = (
            fit(name, font(15), _TILE),
            f"P(melanoma) = {prediction.probability:.3f}, "
            f"{outcome(prediction.decision, prediction.warnings)}",
            "; ".join(remarks),
        )
        self._tiles.append(_Tile(prediction.probability, *panels(explanation, photograph, _SIDE), lines))
        if self.order == "probability":
            self._tiles.sort(key=lambda tile: -tile.probability)
        del self._tiles[MOST_PICTURES:]

    def finished(self, headline: str, failed: int) -> Image.Image:
        """The sheet, RGB.

        Args:
            headline: which model it was, and what it is not.
            failed: how many files could not be explained.
        """
        columns = min(max(len(self._tiles), _LEAST_COLUMNS), _MOST_COLUMNS)
        width = columns * (_TILE + _GAP) + _GAP
        head = [line for text in (headline, self._summary(failed)) for line in _lines(text, width)]
        top = _GAP + _LINE * len(head) + 10 + _BAR_HEIGHT + 4 + _LINE + _GAP
        rows = -(-len(self._tiles) // columns)
        sheet = Image.new("RGB", (width, top + rows * _TILE_HEIGHT), _BACKGROUND)
        pen = ImageDraw.Draw(sheet)
        for i, line in enumerate(head):
            pen.text((_GAP, _GAP + i * _LINE), line, fill=_INK, font=font(15))
        _draw_bar(sheet, pen, _GAP + _LINE * len(head) + 10)
        for i, tile in enumerate(self._tiles):
            row, column = divmod(i, columns)
            _draw_tile(sheet, pen, tile, _GAP + column * (_TILE + _GAP), top + row * _TILE_HEIGHT)
        return sheet

    def _summary(self, failed: int) -> str:
        order = "the highest P(melanoma) first" if self.order == "probability" else "in the order given"
        many = "1 photograph" if self.added == 1 else f"{self.added:,} photographs, {order}"
        which = "highest" if self.order == "probability" else "first"
        left_out = f"; only the {which} {MOST_PICTURES} are shown" if self.added > MOST_PICTURES else ""
        errors = f"; {failed:,} files could not be explained" if failed > 1 else ""
        errors = "; 1 file could not be explained" if failed == 1 else errors
        return f"{many}{left_out}{errors}. Right: orange places raise P(melanoma), blue places lower it."


def _lines(text: str, width: int) -> list[str]:
    return list(wrapped(text, font(15), width - 2 * _GAP))


def _draw_bar(sheet: Image.Image, pen: ImageDraw.ImageDraw, y: int) -> None:
    sheet.paste(colour_bar(_BAR_WIDTH, _BAR_HEIGHT), (_GAP, y))
    lowers, raises = SCALE_ENDS
    for label, share in ((lowers, 0), ("log-odds", 0.5), (raises, 1)):
        x = _GAP + share * (_BAR_WIDTH - font(14).getlength(label))
        pen.text((x, y + _BAR_HEIGHT + 4), label, fill=_INK, font=font(14))


def _draw_tile(sheet: Image.Image, pen: ImageDraw.ImageDraw, tile: _Tile, x: int, y: int) -> None:
    for image, left in ((tile.shown, x), (tile.importance, x + _SIDE + _BETWEEN)):
        sheet.paste(image, (left + (_SIDE - image.width) // 2, y + (_SIDE - image.height) // 2))
    for i, (line, colour) in enumerate(zip(tile.lines, (_FAINT, _INK, _FAINT), strict=True)):
        pen.text((x, y + _SIDE + 6 + i * _LINE), line, fill=colour, font=font(15))
