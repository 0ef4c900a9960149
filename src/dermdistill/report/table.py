"""Tables as plain data; the template and the table files only lay them out."""

from dataclasses import dataclass, field

from dermdistill.evaluation.estimates import Estimate, SeedMean
from dermdistill.report import numbers


@dataclass(frozen=True, slots=True)
class TableCell:
    """One cell: a figure or words, and what belongs to it.

    Attributes:
        beside: set small after the figure, such as its interval.
        below: small lines.
        reason: why the figure or its interval is missing; becomes a footnote of the table.
        is_text: set flush left, wrapped.
    """

    text: str
    beside: str | None = None
    below: tuple[str, ...] = ()
    reason: str | None = None
    is_text: bool = False

    @property
    def in_one_line(self) -> str:
        """All of it but the reason."""
        figure = self.text if self.beside is None else f"{self.text} {self.beside}"
        return "; ".join(filter(None, (*figure.splitlines(), *self.below)))


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its heading and its cells, none in a heading of rows; ``quiet`` ones (totals) are greyed."""

    heading: TableCell
    cells: tuple[TableCell, ...]
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        columns: the headings, that of the row headings first.
        spans: headings above the columns, each with the number of columns under it.
    """

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    spans: tuple[tuple[str, int], ...] = field(default=())

    def is_text_column(self, column: int) -> bool:
        """Whether the cells of a column hold words; columns count from that of the headings."""
        return column == 0 or any(row.cells[column - 1].is_text for row in self.rows if row.cells)

    @property
    def full_headings(self) -> tuple[str, ...]:
        """The columns' headings with the spans above them in one line."""
        above = [heading for heading, width in self.spans for _ in range(width)] or [""] * len(self.columns)
        return tuple(": ".join(filter(None, pair)) for pair in zip(above, self.columns, strict=True))

    @property
    def footnotes(self) -> tuple[str, ...]:
        """The reasons of all cells, each once, in reading order."""
        reasons = (cell.reason for row in self.rows for cell in (row.heading, *row.cells))
        return tuple(dict.fromkeys(reason for reason in reasons if reason is not None))

    def marker(self, cell: TableCell) -> str:
        """The letter of the cell's footnote, empty where it has none."""
        return "" if cell.reason is None else footnote_letter(self.footnotes.index(cell.reason))


def footnote_letter(index: int) -> str:
    """``a`` to ``z``, then ``aa``, ``ab``, ..."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return (footnote_letter(index // 26 - 1) if index >= 26 else "") + letters[index % 26]


BLANK = TableCell("")
CLASS_SPANS = (("", 1), ("Melanoma", 3), ("Other", 3))
CLASS_COLUMNS = ("precision", "recall", "F1") * 2


def text(value: str, *below: str) -> TableCell:
    """A cell of words."""
    return TableCell(value, below=below, is_text=True)


def missing(reason: str) -> TableCell:
    """A dash with the reason."""
    return TableCell(numbers.UNDEFINED, reason=reason)


NOT_CHOSEN = missing("no threshold chosen: the validation images are of one class")


def section(heading: str) -> TableRow:
    """A heading above rows."""
    return TableRow(text(heading), ())


def figure(estimate: Estimate, *below: str, with_sign: bool = False) -> TableCell:
    """An estimate beside its interval; a dash where it is undefined; the reason for what is missing."""
    if estimate.value is None:
        return missing(estimate.reason or "undefined on these images")
    value = numbers.signed(estimate.value) if with_sign else numbers.fraction(estimate.value)
    return TableCell(value, numbers.interval(estimate, with_sign=with_sign), below, reason=estimate.reason)


def mean_figure(figures: SeedMean) -> TableCell:
    """The mean beside its interval, above the range of the seeds where there are several."""
    known = [value for value in figures.per_seed if value is not None]
    if len(figures.per_seed) < 2 or not known:
        return figure(figures)
    return figure(figures, f"seeds {numbers.span(known, numbers.fraction)}")
