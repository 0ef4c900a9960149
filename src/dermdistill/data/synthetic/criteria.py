"""What makes a melanoma differ from a nevus: the only place where the diagnosis enters a drawing.

diagnosis -> atypia -> scores -> criteria -> pixels, where the first two steps are noisy:

- Atypia, one number per lesion, is N(0, 1) in nevi and N(shift, 1) in melanomas; ``difficulty`` sets the
  shift.
- Each of the nine criteria has a score, ``FIDELITY * atypia + sqrt(1 - FIDELITY**2) * noise``: a dysplastic
  nevus shows several criteria at once, an early melanoma may show none.
- A score beyond its threshold makes the criterion visible. Thresholds are the same for both diagnoses.

The scores are Gaussian with one covariance for both diagnoses, so the best classifier of them is linear and
its AUC has a closed form, ``bayes_auc``. The pixels are a function of the scores and of draws that do not
know the diagnosis: no classifier of the pixels can do better.
"""

from dataclasses import dataclass
from math import erf, sqrt

import numpy as np
from numpy.typing import NDArray

FIDELITY = 0.7
"""Correlation of every score with the atypia, within one diagnosis."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """How strongly a lesion shows each dermoscopic criterion of melanoma, in [0, 1]; 0 is absent.

    Attributes:
        asymmetry: of outline, colour and structure.
        border: share of the border's eight segments where pigment ends abruptly.
        network: atypical pigment network: irregular meshes, thick dark lines.
        streaks: irregular streaks and pseudopods at the edge.
        globules: irregular dots and globules, of several sizes, off centre.
        blotch: irregular dark brown to black structureless areas.
        veil: blue-white veil.
        regression: white scar-like areas with blue-grey peppering.
        vessels: atypical vascular pattern: milky-red areas with dotted vessels.
    """

    asymmetry: float
    border: float
    network: float
    streaks: float
    globules: float
    blotch: float
    veil: float
    regression: float
    vessels: float


# The score from which a criterion shows, and the score from which it is as strong as it gets. Scores of nevi
# are N(0, 1): 12 % of them have an atypical network, 2 % atypical vessels.
_VISIBLE = {
    "asymmetry": (-0.6, 2.5),
    "border": (-0.3, 2.8),
    "network": (1.2, 3.2),
    "streaks": (1.9, 3.4),
    "globules": (1.4, 3.2),
    "blotch": (1.3, 3.0),
    "veil": (1.9, 3.2),
    "regression": (1.9, 3.4),
    "vessels": (2.1, 3.4),
}


def draw_scores(rng: np.random.Generator, melanoma: bool, difficulty: float) -> NDArray[np.float64]:
    """The nine scores of one lesion, ``(9,)``, in the order of ``Criteria``."""
    atypia = rng.standard_normal() + (_atypia_shift(difficulty) if melanoma else 0.0)
    return FIDELITY * atypia + sqrt(1.0 - FIDELITY**2) * rng.standard_normal(len(_VISIBLE))


def criteria_from(scores: NDArray[np.float64]) -> Criteria:
    """What can be seen of a lesion with these scores, ``(9,)``."""
    low, high = np.array(list(_VISIBLE.values())).T
    degrees = np.clip((scores - low) / (high - low), 0.0, 1.0).tolist()
    return Criteria(**dict(zip(_VISIBLE, degrees, strict=True)))


def bayes_auc(difficulty: float) -> float:
    """AUC of the best possible classifier of the scores: 0.992 at difficulty 0, 0.940 at 0.5, 0.760 at 1.

    For two Gaussians of equal covariance a Mahalanobis distance d apart it is Phi(d / sqrt(2)).
    """
    return 0.5 * (1.0 + erf(_separation(difficulty) / 2.0))


def _separation(difficulty: float) -> float:
    """Mahalanobis distance between the scores of melanomas and nevi."""
    return 3.4 - 2.4 * difficulty


def _atypia_shift(difficulty: float) -> float:
    """The shift of the atypia that gives the scores, nine noisy copies of it, the separation wanted."""
    signal = len(_VISIBLE) * FIDELITY**2 / (1.0 - FIDELITY**2)
    return _separation(difficulty) * sqrt((1.0 + signal) / signal)
