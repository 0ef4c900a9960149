"""A synthetic dermoscopic image as an ``ImageSource``: drawn anew from its numbers whenever it is decoded."""

import hashlib
from dataclasses import dataclass

import numpy as np

from dermdistill.data.synthetic.canvas import Canvas
from dermdistill.data.synthetic.criteria import Criteria, criteria_from, draw_scores
from dermdistill.data.synthetic.dermis import add_regression, add_veil, add_vessels
from dermdistill.data.synthetic.lesion import add_body, draw_outline
from dermdistill.data.synthetic.nuisance import photograph
from dermdistill.data.synthetic.skin import draw_skin
from dermdistill.data.synthetic.structures import add_blotches, add_globules, add_network, add_streaks
from dermdistill.data.synthetic.tissue import Tissue, drawn_pixels
from dermdistill.records import Pixels

DRAWING_VERSION = 1
"""Raise it with every change that alters a pixel: caches of decoded images are keyed by it."""

# In the order in which they are laid over each other.
_STRUCTURES = (
    add_body,
    add_network,
    add_globules,
    add_streaks,
    add_blotches,
    add_vessels,
    add_regression,
    add_veil,
)
_STREAMS = ("criteria", "skin", "lesion", "view")


@dataclass(frozen=True, slots=True)
class SyntheticImage:
    """One view of one procedural lesion."""

    seed: int
    lesion: int
    view: int
    size: int
    difficulty: float
    melanoma: bool

    @property
    def name(self) -> str:
        return f"synthetic lesion {self.lesion}, view {self.view} (seed {self.seed})"

    def digest(self) -> str:
        """SHA-256 of everything the drawing depends on."""
        return hashlib.sha256(f"{DRAWING_VERSION}|{self!r}".encode()).hexdigest()

    def criteria(self) -> Criteria:
        """What this lesion shows, the same in all its views."""
        return criteria_from(draw_scores(self._stream("criteria"), self.melanoma, self.difficulty))

    def decode(self) -> Pixels:
        """The image as RGB uint8 ``(size, size, 3)``; the same bytes every time."""
        criteria = self.criteria()
        view = self._stream("view", self.view)
        canvas = Canvas.random(view, self.size)
        body = self._stream("lesion")
        lesion = draw_outline(canvas, body, criteria)
        tissue = Tissue.bare(self.size)
        for add in _STRUCTURES:
            add(canvas, body, lesion, criteria, tissue)
        tissue.add(draw_skin(canvas, self._stream("skin")))
        rgb = tissue.colour()
        photograph(rgb, view)
        return drawn_pixels(rgb)

    def _stream(self, purpose: str, number: int = 0) -> np.random.Generator:
        """Random numbers of this lesion for one purpose; no purpose disturbs the numbers of another."""
        key = (self.lesion, _STREAMS.index(purpose), number)
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))
