"""The one face of a trained model, whichever runtime is behind it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dermdistill.inference.model_info import ModelInfo
from dermdistill.progress import bar


class Predictor(Protocol):
    """Scores decoded images."""

    @property
    def info(self) -> ModelInfo:
        """What the model expects and what its outputs mean."""
        ...

    def predict(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Class probabilities ``(N, classes)``, rows summing to 1, of RGB pixels ``(N, size, size, 3)``."""
        ...


def predict_in_batches(
    predictor: Predictor,
    pixels: NDArray[np.uint8],
    rows: NDArray[np.int64],
    *,
    batch_size: int = 64,
    progress: str | None = None,
) -> NDArray[np.float64]:
    """Class probabilities ``(N, classes)`` of any number of images, a batch at a time.

    Args:
        predictor: the model.
        pixels: ``(M, size, size, 3)``; may be memory-mapped.
        rows: ``(N,)`` rows of ``pixels`` to score, in the order of the result.
        batch_size: images scored at once.
        progress: label of a progress bar on stderr; None shows none.
    """
    result = np.empty((len(rows), len(predictor.info.classes)))
    with bar(label=progress, unit="image", total=len(rows), hidden=progress is None) as shown:
        for start in range(0, len(rows), batch_size):
            batch = rows[start : start + batch_size]
            result[start : start + len(batch)] = predictor.predict(pixels[batch])
            shown.update(len(batch))
    return result
