from collections.abc import Callable, Sequence

import numpy as np
import pytest

from dermdistill.evaluation.predictions import Predictions

Table = Callable[..., Predictions]


@pytest.fixture
def table() -> Table:
    """Makes predictions from labels and probabilities; every image is a lesion of its own unless told."""

    def make(
        label: Sequence[int] | np.ndarray,
        probability: Sequence[float] | np.ndarray,
        lesion: Sequence[object] = (),
    ) -> Predictions:
        images = range(len(label))
        return Predictions(
            image_id=tuple(f"image{i}" for i in images),
            lesion_id=tuple(f"lesion{name}" for name in (lesion if len(lesion) else images)),
            split=("test",) * len(label),
            diagnosis=tuple("melanoma" if melanoma else "nevus" for melanoma in label),
            probability=np.asarray(probability, dtype=np.float64),
        )

    return make


@pytest.fixture
def simulated(table: Table) -> Callable[..., Predictions]:
    """Draws ``images`` images, a fifth of them melanoma; ``skill`` is the distance of the classes in SD."""

    def draw(seed: int, images: int = 300, skill: float = 1.4) -> Predictions:
        label = np.arange(images) % 5 == 0
        logit = np.random.default_rng(seed).normal(size=images) + skill * label - 1.5
        return table(label, 1 / (1 + np.exp(-logit)))

    return draw
