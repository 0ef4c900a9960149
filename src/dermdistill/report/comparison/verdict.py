"""An answer to one of the paper's questions, every word of it from the figures."""

from dataclasses import dataclass

from dermdistill.report.tables import Table

BASELINE = "efficientnet_b0"
"""The network that the paper says its student beats."""

LEVEL = 0.05
"""p below which an effect is claimed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One question and what this run says to it.

    Attributes:
        answer: in a sentence or two, with the figures that decide.
        points: further figures, a line each.
        method: how it was judged and what that cannot tell.
        table: the figures where there are too many for words.
    """

    question: str
    answer: str
    points: tuple[str, ...] = ()
    method: str = ""
    table: Table | None = None
