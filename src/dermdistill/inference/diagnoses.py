"""Two readings of the diagnoses: as frequent as in training, or all equally frequent.

Images of frequent diagnoses dominate a training, so the most probable diagnosis is often the most frequent
one. Dividing the frequencies out finds the rare ones more often (logit adjustment, Menon et al. 2021,
https://arxiv.org/abs/2007.07314, with tau = 1). P(melanoma) and the decision do not take part in it.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dermdistill.errors import UserError
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.prediction import Prediction

Floats = NDArray[np.float64]

Reading = Literal["as-trained", "balanced"]

READING_WORDS: dict[Reading, str] = {
    "as-trained": "diagnoses as frequent as in training",
    "balanced": "diagnoses as if all were equally frequent",
}
"""What is said beside every most likely diagnosis."""


def balanced(probabilities: Floats, frequencies: Floats) -> Floats:
    """Class probabilities ``(N, C)`` if all diagnoses were equally frequent; rows sum to 1.

    Args:
        probabilities: ``(N, C)``, meant for images with these frequencies of the diagnoses.
        frequencies: ``(C,)``, all above 0.
    """
    divided = probabilities / frequencies
    result: Floats = divided / divided.sum(axis=1, keepdims=True)
    return result


def at_prevalence(frequencies: Floats, melanoma: int, prevalence: float) -> Floats:
    """Frequencies ``(C,)`` among people of whom this share has melanoma; the others keep their proportions.

    Unchanged where ``prevalence`` is not strictly between 0 and 1.
    """
    if not 0 < prevalence < 1:
        return frequencies
    moved: Floats = frequencies * (1 - prevalence) / (1 - frequencies[melanoma])
    moved[melanoma] = prevalence
    return moved


def frequencies_of(info: ModelInfo) -> Floats | None:
    """The frequencies ``(C,)`` that a model's probabilities stand for; None where it does not know them."""
    if info.frequencies is None:
        return None
    frequencies = np.array(info.frequencies)
    # Of a model that was calibrated anew only the share of melanoma is another.
    return (
        at_prevalence(frequencies, info.melanoma, info.validation.prevalence)
        if info.validation
        else frequencies
    )


def check_reading(info: ModelInfo, reading: Reading, where: str) -> None:
    """Raise UserError if the model lacks what the reading needs; ``where`` names its file."""
    if reading == "balanced" and info.frequencies is None:
        raise UserError(
            f"{where}: does not say how frequent the diagnoses were in training, which "
            "`--diagnoses balanced` divides out; export the model again"
        )


def diagnoses_of(prediction: Prediction, info: ModelInfo, reading: Reading) -> dict[str, float]:
    """The probability of every diagnosis of an image, summing to 1.

    Args:
        prediction: of the model.
        info: the model's; it passes ``check_reading``.
        reading: ``balanced`` is the same at every prevalence.
    """
    if reading == "as-trained":
        return prediction.diagnoses
    assert info.frequencies is not None
    frequencies = at_prevalence(np.array(info.frequencies), info.melanoma, prediction.prevalence)
    given = np.array([[prediction.diagnoses[name] for name in info.classes]])
    read = balanced(given, frequencies)[0]
    return {name: float(p) for name, p in zip(info.classes, read, strict=True)}
