"""What an adapted model file says of itself."""

from dataclasses import replace

import numpy as np

from dermdistill.adaptation.fit import Adapted
from dermdistill.adaptation.last_step import AS_IT_IS
from dermdistill.adaptation.nested import Nested
from dermdistill.adaptation.result import Result
from dermdistill.adaptation.roles import Roles
from dermdistill.adaptation.sample import Sample, lesion_means
from dermdistill.adaptation.scoring import ScoredPhotographs
from dermdistill.data.packed_hashes import pack_hashes, unpack_hashes
from dermdistill.data.perceptual_hash import SHORT_BITS, has_hash, signs
from dermdistill.evaluation.metrics import Bools
from dermdistill.evaluation.thresholds import to_store
from dermdistill.inference.calibration import expit, log_odds
from dermdistill.inference.decision import LESION_SUFFIX
from dermdistill.inference.model_info import ChosenThreshold, ModelInfo, ValidationScores

_ADAPTED_FROM = "adapted_from"


def is_adapted(info: ModelInfo) -> bool:
    """Whether a model is the result of an adaptation."""
    return _ADAPTED_FROM in info.provenance


def point_name(roles: Roles) -> str:
    """Of the operating point for the wanted sensitivity: ``assured_sensitivity_0.90``, or ``local_...``."""
    wanted = f"{roles.sensitivity:.2f}"
    if float(wanted) != roles.sensitivity:
        wanted = f"{roles.sensitivity:g}"
    return f"{'assured' if roles.is_promise else 'local'}_sensitivity_{wanted}"


def adapted_info(
    info: ModelInfo, adapted: Adapted, roles: Roles, scored: ScoredPhotographs, nested: Nested
) -> ModelInfo:
    """The description of the adapted model, but for its provenance.

    The photographs stand where the validation images were: for operating points, prevalence and scores.
    """
    sample = scored.sample
    label, probability = sample.label, adapted.probability
    # Over more than two diagnoses it is no threshold.
    fixed = [point for point in info.thresholds if point.name == "argmax"]
    chosen = [point for point in to_store(adapted.points) if point.name != "argmax"]
    local = _point(point_name(roles), adapted.threshold, label, nested.flagged)
    return replace(
        info,
        thresholds=(*fixed, *chosen, local, *_for_lesions(adapted, sample, local.name)),
        calibration=adapted.calibration,
        validation=ValidationScores(
            melanoma=tuple(np.sort(probability[label]).tolist()),
            other=tuple(np.sort(probability[~label]).tolist()),
        ),
        learned_from=_learned_from(info, scored),
        default_point=local.name,
    )


def provenance(result: Result) -> dict[str, str]:
    """What the file says of how it was adapted, to be added to its provenance."""
    of, threshold = result.photographs, result.threshold
    promise = f"sensitivity at least {threshold.wanted:g} with 95 % confidence"
    return {
        _ADAPTED_FROM: result.model,
        "adapted_on": result.date,
        "adapted_to": (
            f"{of.images} photographs of {of.lesions} lesions, {of.melanomas} of melanoma (prevalence "
            f"{of.prevalence:.4g}, {of.melanoma_groups} independent melanomas); digest {of.digest}"
        ),
        "adapted_last_step": "as it was"
        if result.last_step == AS_IT_IS
        else f"fitted anew to {result.last_step}",
        "adapted_promise": promise if threshold.promised else "none",
    }


def _point(name: str, threshold: float, label: Bools, flagged: Bools) -> ChosenThreshold:
    return ChosenThreshold(name, threshold, float(flagged[label].mean()), float((~flagged)[~label].mean()))


def _for_lesions(adapted: Adapted, sample: Sample, name: str) -> list[ChosenThreshold]:
    """The point for the mean of a lesion's photographs, where a lesion has several."""
    mean, lesion = lesion_means(sample.lesion, log_odds(adapted.probability))
    if len(mean) == len(sample):
        return []
    label = np.zeros(len(mean), dtype=bool)
    label[lesion] = sample.label
    flagged: Bools = expit(mean) >= adapted.lesion_threshold
    return [_point(name + LESION_SUFFIX, adapted.lesion_threshold, label, flagged)]


def _learned_from(info: ModelInfo, scored: ScoredPhotographs) -> str | None:
    """The table of images that the model learned from, with the photographs; None where it had none."""
    if info.learned_from is None:
        return None
    known = has_hash(scored.coefficients)
    new = signs(scored.coefficients)[known, :SHORT_BITS]
    return pack_hashes(np.concatenate([unpack_hashes(info.learned_from), new]))
