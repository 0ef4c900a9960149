"""Adapt a model to the photographs of one place: from records to a new file and what is known of it."""

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from dermdistill.adaptation.description import adapted_info, is_adapted, provenance
from dermdistill.adaptation.figures import Judged, bands, more_melanomas, sides
from dermdistill.adaptation.fit import FOLDS, Adapted, adapt
from dermdistill.adaptation.model_file import adapted_file
from dermdistill.adaptation.nested import cross_validate
from dermdistill.adaptation.promise import melanomas_needed, most_promised
from dermdistill.adaptation.result import Gain, Photographs, Result, Threshold
from dermdistill.adaptation.roles import Roles, assign_roles
from dermdistill.adaptation.sample import Sample
from dermdistill.adaptation.scoring import OpenedModel, ScoredPhotographs, score
from dermdistill.audit.seen import Candidates, Seen, find_seen, run_of
from dermdistill.errors import UserError
from dermdistill.evaluation.delong import delong_test
from dermdistill.evaluation.metrics import Bools
from dermdistill.inference.decision import point_of
from dermdistill.inference.onnx import OnnxModel, read_content
from dermdistill.records import DataSet, Record

T = TypeVar("T")

_SEED = 0
_NORMAL_QUANTILE = 1.96


@dataclass(frozen=True, slots=True)
class NewModel:
    """A new model file and what is known of it."""

    content: bytes
    result: Result


def open_model(path: Path) -> OpenedModel:
    """A model to adapt; raises UserError where it is none, or has been adapted already."""
    opened = OpenedModel(read_content(path), str(path))
    if is_adapted(opened.plain.info):
        raise UserError(
            f"{path}: has been adapted already; adapt the model that it was made from, to all photographs"
        )
    return opened


def is_adapted_file(path: Path) -> bool:
    """Whether a file is what an adaptation wrote."""
    try:
        return is_adapted(OnnxModel.read(path).info)
    except UserError:
        return False


def adapt_model(
    dataset: DataSet, path: Path, model: OpenedModel, *, sensitivity: float, workers: int
) -> NewModel:
    """Adapt a model to labelled photographs.

    Args:
        dataset: the photographs; those that the model learned from are left out.
        path: of the model.
        model: what ``open_model`` gave.
        sensitivity: that the new default operating point is to have, strictly between 0 and 1.
        workers: threads that score photographs.

    Raises:
        UserError: a photograph cannot be read, there are too few lesions of a class, or the model ranks
            melanomas below other lesions.
    """
    _check_counts(dataset.records)
    scored = score(dataset.records, model, workers=workers)
    records = [dataset.records[row] for row in scored.rows]
    contents = [record.image.digest() for record in records]
    candidates = Candidates(records, contents, scored.coefficients, dataset.layout)
    seen = find_seen(candidates, run_of(path), model.plain.info, path)
    is_new = np.array([not how for how in seen.how] or [True] * len(records), dtype=bool)
    notes = (*_unread(scored), *_left_out(seen), *_unchecked(seen))
    records = _where(records, is_new)
    _check_counts(records, *notes)
    kept = scored.where(is_new)
    _check_direction(kept.sample)
    photographs = _photographs(records, kept.sample, _where(contents, is_new))
    return _adapt(kept, model, photographs, sensitivity, notes)


def _adapt(
    scored: ScoredPhotographs,
    model: OpenedModel,
    photographs: Photographs,
    sensitivity: float,
    notes: tuple[str, ...],
) -> NewModel:
    sample, info = scored.sample, model.plain.info
    roles = assign_roles(sample, sensitivity, _SEED)
    adapted = adapt(sample, roles, _SEED)
    nested = cross_validate(sample, roles, _SEED)
    before = point_of(info, None, model.plain.model_id)
    new_info = adapted_info(info, adapted, roles, scored, nested)
    before_side, after_side, delta = sides(
        sample,
        Judged(before.name, before.threshold, scored.probability, scored.probability >= before.threshold),
        Judged(str(new_info.default_point), adapted.threshold, nested.probability, nested.flagged),
        _SEED,
    )
    result = Result(
        model=model.plain.model_id,
        date=datetime.date.today().isoformat(),
        photographs=photographs,
        last_step=adapted.step.name,
        gains=_gains(adapted),
        threshold=_threshold(roles, photographs),
        before=before_side,
        after=after_side,
        delta_auc=delta,
        more_melanomas=more_melanomas(after_side.sensitivity),
        bands=bands(sample, nested),
        notes=notes,
    )
    described = replace(new_info, provenance=info.provenance | provenance(result))
    tensor = model.tensors.get(adapted.step.name)
    return NewModel(adapted_file(model.content, described, adapted.step, tensor), result)


def _gains(adapted: Adapted) -> tuple[Gain, ...]:
    return tuple(
        Gain(last_step=name, delta_auc=gain.delta, standard_error=gain.standard_error)
        for name, gain in adapted.gains.items()
    )


def _threshold(roles: Roles, photographs: Photographs) -> Threshold:
    return Threshold(
        wanted=roles.sensitivity,
        promised=roles.is_promise,
        cases=roles.cases,
        misses=roles.misses_in_sample,
        needed=melanomas_needed(roles.sensitivity),
        most_promised=most_promised(photographs.melanoma_groups),
    )


def _photographs(records: Sequence[Record], sample: Sample, contents: Sequence[str]) -> Photographs:
    lines = sorted(
        f"{content}\t{record.is_melanoma}" for content, record in zip(contents, records, strict=True)
    )
    return Photographs(
        images=len(sample),
        melanomas=int(sample.label.sum()),
        lesions=len(set(sample.lesion)),
        groups=len(set(sample.group)),
        melanoma_groups=len(sample.groups_of(True)),
        prevalence=float(sample.label.mean()),
        digest=hashlib.blake2b("\n".join(lines).encode(), digest_size=8).hexdigest(),
    )


def _unread(scored: ScoredPhotographs) -> list[str]:
    errors = scored.errors
    if not errors:
        return []
    more = f", and {len(errors) - 1:,} more" if len(errors) > 1 else ""
    return [f"photographs that cannot be read are left out: {errors[0]}{more}"]


def _left_out(seen: Seen) -> list[str]:
    known = sum(map(bool, seen.how))
    return [f"left out, like images that the model learned from: {known:,} photographs"] if known else []


def _unchecked(seen: Seen) -> tuple[str, ...]:
    """Why it is not known which photographs the model learned from; nothing where it is."""
    return seen.notes if not seen.how else ()


def _check_counts(records: Sequence[Record], *notes: str) -> None:
    """Raise UserError unless a cross-validation can have both classes in every fold."""
    groups = {
        label: {record.group for record in records if record.is_melanoma == label} for label in (True, False)
    }
    if min(len(groups[True]), len(groups[False])) >= FOLDS:
        return
    without = f" ({'; '.join(notes)})" if notes else ""
    raise UserError(
        f"{len(records)} photographs are too few to adapt a model: of melanoma {len(groups[True])} lesions, "
        f"of others {len(groups[False])} (patients, where known); expected at least {FOLDS} of each{without}"
    )


def _check_direction(sample: Sample) -> None:
    """Raise UserError where the model ranks melanomas below other lesions, beyond chance."""
    chance = np.zeros(len(sample))
    test = delong_test(sample.label, sample.log_odds, chance, sample.group)
    if test.delta + _NORMAL_QUANTILE * test.standard_error < 0:
        raise UserError(
            f"AUC {0.5 + test.delta:.2f} on these photographs is far below 0.5: the model ranks melanomas "
            "below other lesions, as if the labels were swapped; check them, and --positive if you gave it"
        )


def _where(items: Sequence[T], wanted: Bools) -> list[T]:
    return [item for item, kept in zip(items, wanted, strict=True) if kept]
