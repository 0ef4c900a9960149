"""Photographs that exist as numbers only."""

import numpy as np

from dermdistill.adaptation.sample import Sample


def gaussian(
    seed: int, *, melanomas: int, others: int, gain: float = 0.0, columns: int = 7, per_lesion: int = 1
) -> Sample:
    """Log-odds that rank with AUC 0.76; ``gain`` is what the first logit tells besides.

    Args:
        seed: of all numbers.
        melanomas, others: lesions.
        gain: distance between the classes, in standard deviations.
        columns: of the logits.
        per_lesion: photographs of each lesion, which differ a little.
    """
    rng = np.random.default_rng(seed)
    label = np.repeat([True] * melanomas + [False] * others, per_lesion)
    lesions = melanomas + others
    of_lesion = np.repeat(rng.normal(size=(lesions, columns + 1)), per_lesion, axis=0)
    values = of_lesion + (0.5 * rng.normal(size=of_lesion.shape) if per_lesion > 1 else 0)
    values[:, 0] += label
    values[:, 1] += gain * label
    lesion = tuple(f"lesion {i}" for i in np.repeat(np.arange(lesions), per_lesion))
    return Sample(label, lesion, lesion, values[:, 0], {"logits": values[:, 1:]})
