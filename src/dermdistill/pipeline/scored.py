"""What scoring the images of an evaluation gives, whatever scored them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dermdistill.data.perceptual_hash import Coefficients
from dermdistill.inference.model_info import ModelInfo
from dermdistill.records import Record


@dataclass(frozen=True, slots=True, eq=False)
class ScoredImages:
    """N images as one or several models see them.

    Attributes:
        rows: ``(N,)``, which of the records they are; the others could not be read.
        contents: a digest of each.
        coefficients: ``(N, 2, 90)``, of their perceptual hashes.
        details: what was measured of each photograph, as columns of the predictions table.
        probabilities: ``(N, classes)``, by model.
        notes: what a reader should know of the images.
    """

    rows: NDArray[np.int64]
    contents: tuple[str, ...]
    coefficients: Coefficients
    details: Mapping[str, tuple[str, ...]]
    probabilities: Mapping[str, NDArray[np.float64]]
    notes: tuple[str, ...] = ()


class Scorer(Protocol):
    """One or several models, opened."""

    @property
    def infos(self) -> Mapping[str, ModelInfo]:
        """Their descriptions, by name."""
        ...

    def score(self, records: Sequence[Record], *, synthetic: bool) -> ScoredImages:
        """Score the images of the records; drawn ones have no perceptual hash, and no skin.

        Raises:
            UserError: images that cannot be read.
        """
        ...


def cells(numbers: Sequence[float]) -> tuple[str, ...]:
    """As the predictions table has them; what is not known is empty."""
    return tuple("" if math.isnan(number) else f"{number:.4g}" for number in numbers)
