"""Which subgroup each image belongs to: by patient, lesion, source and photograph."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dermdistill.evaluation.predictions import Predictions

NOT_STATED, OTHER = "not stated", "other"
DIAGNOSIS = "diagnosis"
_MOST_VALUES = 10

_Bands = tuple[tuple[float, str], ...]
"""Names of rising bands, each with its upper end, which lies above it."""
_INFINITY = float("inf")
_AGES: _Bands = ((40, "under 40"), (60, "40 to 59"), (_INFINITY, "60 and over"))
_SHORT_SIDES: _Bands = (
    (300, "under 300 px"),
    (600, "300 to 599 px"),
    (1200, "600 to 1,199 px"),
    (_INFINITY, "1,200 px and over"),
)
# The classes of Chardon et al. (1991) and Del Bino and Bernerd (2013), darkest first.
_TYPOLOGY: _Bands = (
    (-30, "dark"),
    (10, "brown"),
    (28, "tan"),
    (41, "intermediate"),
    (55, "light"),
    (_INFINITY, "very light"),
)


@dataclass(frozen=True, slots=True)
class Column:
    """One way to part the images.

    Attributes:
        name: for people.
        values: of each image.
        order: of the values that occur.
    """

    name: str
    values: tuple[str, ...]
    order: tuple[str, ...]

    @property
    def known(self) -> tuple[str, ...]:
        """All values but `NOT_STATED`."""
        return tuple(value for value in self.order if value != NOT_STATED)


def columns_of(images: Predictions) -> tuple[Column, ...]:
    """Every column with at least two known values; skin tone is estimated where no skin type is stated."""
    details = images.details
    found = [
        _banded("age", details.get("age"), _AGES),
        _named("sex", details.get("sex")),
        _named("site", details.get("site")),
        _named("skin type", details.get("skin_type")),
        _named("source", images.source),
        _named(DIAGNOSIS, images.diagnosis),
        _banded("short side of the image", details.get("short_side"), _SHORT_SIDES),
    ]
    if not found[3].known:
        found[3] = _banded("skin tone, estimated", details.get("typology_angle"), _TYPOLOGY)
    return tuple(column for column in found if len(column.known) > 1)


def _named(name: str, cells: Sequence[str] | None) -> Column:
    """The most frequent values, by their names; the rarest of many together."""
    known = [cell.strip() or NOT_STATED for cell in cells or ()]
    counted = Counter(value for value in known if value != NOT_STATED)
    kept = {value for value, _ in counted.most_common(_MOST_VALUES)} | {NOT_STATED}
    values = tuple(value if value in kept else OTHER for value in known)
    last = (OTHER, NOT_STATED)
    return Column(name, values, tuple(sorted(set(values), key=lambda value: (_place(value, last), value))))


def _banded(name: str, cells: Sequence[str] | None, bands: _Bands) -> Column:
    values = tuple(_band(cell, bands) for cell in cells or ())
    order = (*(band for _, band in bands), NOT_STATED)
    return Column(name, values, tuple(value for value in order if value in values))


def _band(cell: str, bands: _Bands) -> str:
    try:
        number = float(cell)
    except ValueError:
        return NOT_STATED
    return next((name for end, name in bands if number < end), NOT_STATED)


def _place(value: str, last: Sequence[str]) -> int:
    return last.index(value) + 1 if value in last else 0
