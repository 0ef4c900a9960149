"""How well a model names the diagnosis: balanced accuracy and macro AUC over all of its diagnoses.

The measures of the ISIC challenges of 2018 and 2019, whose official scoring gives the same numbers.
"""

from collections.abc import Callable, Sequence

import numpy as np

from dermdistill.evaluation.estimates import DiagnosisFigures, DiagnosisScores, Estimate, SeedMean
from dermdistill.evaluation.intervals import FEWEST_LESIONS, bootstrap
from dermdistill.evaluation.metrics import Bools, Floats, ratio
from dermdistill.evaluation.predictions import Predictions
from dermdistill.inference.diagnoses import balanced

Frequencies = Floats | None
"""Of a model's classes, in their order; None where it does not know them."""


class NamedDiagnoses:
    """Balanced accuracy and macro AUC as a function of the weight of each image.

    The most probable diagnosis is the named one, of equals the first. Both are means over the diagnoses that
    the images have, each counted alike however frequent it is.
    """

    def __init__(self, truth: Bools, probabilities: Floats) -> None:
        """From what is true ``(N, C)``, one True a row, and class probabilities ``(N, C)``."""
        present = np.flatnonzero(truth.any(axis=0))
        named = probabilities.argmax(axis=1)
        self._of_diagnosis = [truth[:, c].astype(np.float64) for c in present]
        self._right = [(truth[:, c] & (named == c)).astype(np.float64) for c in present]
        self._against_the_rest = [_OneAgainstTheRest(truth[:, c], probabilities[:, c]) for c in present]

    def __call__(self, weights: Floats) -> dict[str, Floats]:
        """Both figures, each ``(...)`` for weights ``(..., N)``; NaN where one diagnosis has no weight."""
        recalls = [
            ratio(weights @ right, weights @ of_diagnosis)
            for right, of_diagnosis in zip(self._right, self._of_diagnosis, strict=True)
        ]
        aucs = [one.auc(weights) for one in self._against_the_rest]
        return {"balanced_accuracy": np.mean(recalls, axis=0), "macro_auc": np.mean(aucs, axis=0)}


class _OneAgainstTheRest:
    """The AUC of one diagnosis under any weights; only the images of that diagnosis are looked up."""

    def __init__(self, label: Bools, probability: Floats) -> None:
        order = np.argsort(probability, kind="stable")
        self._is_other = (~label[order]).astype(np.float64)
        self._order = order
        self._images = np.flatnonzero(label)
        ranked = probability[order]
        # Others with a lower probability count as one, with the same as one half.
        self._lower = np.searchsorted(ranked, probability[self._images], side="left")
        self._not_higher = np.searchsorted(ranked, probability[self._images], side="right")

    def auc(self, weights: Floats) -> Floats:
        """``(...)`` for weights ``(..., N)``; NaN where either side has no weight."""
        others = np.zeros((*weights.shape[:-1], weights.shape[-1] + 1))
        np.cumsum(weights[..., self._order] * self._is_other, axis=-1, out=others[..., 1:])
        below = (others[..., self._lower] + others[..., self._not_higher]) / 2
        of_diagnosis = weights[..., self._images]
        return ratio((of_diagnosis * below).sum(axis=-1), of_diagnosis.sum(axis=-1) * others[..., -1])


def judge_diagnoses(
    tests: Sequence[Predictions], frequencies: Sequence[Frequencies], *, replicates: int, seed: int
) -> DiagnosisFigures | None:
    """The figures of one model trained with one or more seeds, as means over the seeds.

    Args:
        tests: the predictions of each seed, for the same images in one order.
        frequencies: of each seed.
        replicates: bootstrap resamples.
        seed: of the bootstrap.

    Returns:
        None of a model of melanoma or not, and where fewer than two of its diagnoses have images.
    """
    classes = tests[0].classes
    rows = [i for i, name in enumerate(tests[0].diagnosis) if name in classes]
    known = [test.take(rows) for test in tests]
    present = [name for name in classes if name in known[0].diagnosis]
    if len(present) < 2 or any(test.classes != classes for test in tests):
        return None

    def scores(probabilities_of: Callable[[Predictions, Frequencies], Floats]) -> DiagnosisScores:
        models = [
            NamedDiagnoses(_truth(test), probabilities_of(test, of_seed))
            for test, of_seed in zip(known, frequencies, strict=True)
        ]
        return _scores(models, known[0], replicates, seed)

    can_be_balanced = all(of_seed is not None for of_seed in frequencies)
    return DiagnosisFigures(
        diagnoses=tuple(present),
        n_images=len(rows),
        n_left_out=len(tests[0]) - len(rows),
        as_trained=scores(_as_trained),
        balanced=scores(_balanced) if can_be_balanced else None,
    )


def _scores(
    models: Sequence[NamedDiagnoses], images: Predictions, replicates: int, seed: int
) -> DiagnosisScores:
    def mean(weights: Floats) -> dict[str, Floats]:
        each = [model(weights) for model in models]
        return {name: np.mean([figures[name] for figures in each], axis=0) for name in each[0]}

    estimates = bootstrap(
        mean, lambda name: "", images.lesion_id, images.label, replicates=replicates, seed=seed
    )
    per_seed = [model(np.ones(len(images))) for model in models]
    obstacle = _too_few(images)
    return DiagnosisScores(
        **{
            name: _over_seeds(estimate, [float(figures[name]) for figures in per_seed], obstacle)
            for name, estimate in estimates.items()
        }
    )


def _over_seeds(estimate: Estimate, values: Sequence[float], obstacle: str | None) -> SeedMean:
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
    if obstacle is not None:
        estimate = Estimate(value=estimate.value, reason=obstacle)
    return SeedMean(**dict(estimate), per_seed=tuple(values), sd=spread)


def _too_few(images: Predictions) -> str | None:
    """Why there is no interval; None where every diagnosis has enough lesions."""
    lesions: dict[str, set[str]] = {}
    for diagnosis, lesion in zip(images.diagnosis, images.lesion_id, strict=True):
        lesions.setdefault(diagnosis, set()).add(lesion)
    fewest = min(lesions, key=lambda name: (len(lesions[name]), name))
    found = len(lesions[fewest])
    if found >= FEWEST_LESIONS:
        return None
    return f"no interval: needs {FEWEST_LESIONS} lesions of each diagnosis, found {found} with {fewest}"


def _truth(test: Predictions) -> Bools:
    truth: Bools = np.array(test.diagnosis)[:, None] == np.array(test.classes)[None, :]
    return truth


def _as_trained(test: Predictions, _: Frequencies) -> Floats:
    assert test.class_probabilities is not None
    return test.class_probabilities


def _balanced(test: Predictions, frequencies: Frequencies) -> Floats:
    assert frequencies is not None
    return balanced(_as_trained(test, None), frequencies)
