"""Text that fits into a picture."""

from collections.abc import Sequence

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def font(points: int) -> Font:
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
