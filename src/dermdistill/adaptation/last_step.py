"""The last step of a model: from what it sees in a photograph to log-odds of melanoma."""

from dataclasses import dataclass, field

import numpy as np

from dermdistill.adaptation.sample import Sample
from dermdistill.evaluation.logistic import fit_logistic, smoothed
from dermdistill.evaluation.metrics import Floats

AS_IT_IS = "as it is"
LOGITS, FEATURES = "logits", "features"

CANDIDATES = {LOGITS: 30.0, FEATURES: 100.0}
"""What a last step may be fitted to, with the penalty of its weights: chosen on photographs of the ISIC
Archive that are not in its test set, where they are the best of 1 to 300, or near it, for 50 to 400
photographs (docs/log.md)."""

_LEAST_SPREAD = 1e-9


@dataclass(frozen=True, slots=True)
class LastStep:
    """``log-odds = own * log-odds of the model + weights @ input + intercept``.

    Attributes:
        input: of ``Sample.inputs``; None where the model's own log-odds are all.
        own, weights, intercept: see above; ``weights`` is ``(D,)``.
    """

    input: str | None = None
    own: float = 1.0
    weights: Floats = field(default_factory=lambda: np.empty(0))
    intercept: float = 0.0

    @property
    def name(self) -> str:
        """``logits``, ``features``, or ``AS_IT_IS``."""
        return self.input or AS_IT_IS

    def log_odds(self, sample: Sample) -> Floats:
        """Of melanoma, ``(N,)``, before any calibration."""
        own = self.own * sample.log_odds
        return own if self.input is None else own + sample.inputs[self.input] @ self.weights + self.intercept


def fit_last_step(sample: Sample, name: str) -> LastStep:
    """Fit a last step to photographs of both classes.

    Logistic regression on the model's own log-odds, whose weight is free, and on the logits or features,
    whose weights are drawn towards 0: with few photographs the model stays as it is. That is why it needs
    fewer than a regression that begins anew (docs/results.md).

    Args:
        sample: photographs.
        name: ``AS_IT_IS``, or one of ``CANDIDATES`` that the sample has.
    """
    if name == AS_IT_IS:
        return LastStep()
    columns = np.column_stack([sample.log_odds, sample.inputs[name]])
    mean, spread = columns.mean(axis=0), columns.std(axis=0)
    spread[spread < _LEAST_SPREAD] = 1.0
    design = np.column_stack([(columns - mean) / spread, np.ones(len(sample))])
    penalty = np.array([0.0, *[CANDIDATES[name]] * sample.inputs[name].shape[1], 0.0])
    fitted = fit_logistic(design, smoothed(sample.label), penalty)
    weights = fitted[:-1] / spread
    return LastStep(name, float(weights[0]), weights[1:], float(fitted[-1] - weights @ mean))
