"""The whole audit of a data set."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dermdistill.audit import out_of_fold
from dermdistill.audit.conflicts import two_diagnoses, two_splits
from dermdistill.audit.copies import copies, other_photographs
from dermdistill.audit.feature_distance import why_none
from dermdistill.audit.findings import Finding
from dermdistill.audit.labels import suspicious_labels
from dermdistill.audit.quality import poor_images
from dermdistill.audit.seen import Candidates, Seen, find_seen
from dermdistill.audit.shortcuts import Shortcut, predicting_melanoma, predicting_source
from dermdistill.audit.survey import Survey, survey
from dermdistill.inference.features import FeatureModel
from dermdistill.records import DataSet, Record
from dermdistill.runs import RunFolder

_TOO_FEW = f"fewer than {out_of_fold.FOLDS} lesions of a class"


@dataclass(frozen=True, slots=True)
class AuditModel:
    """The model that looks at the images.

    Attributes:
        path: of its file.
        run: that it is part of; a folder without a split where it is a lone file.
        features: what it sees.
    """

    path: Path
    run: RunFolder
    features: FeatureModel


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found.

    Attributes:
        dataset: that was audited.
        findings: of all kinds, the most certain of a kind first.
        shortcuts: what predicts melanoma without the lesion, the model itself last.
        sources: how well the image tells each source.
        notes: what the source had to say, and which checks were not made and why.
    """

    dataset: DataSet
    findings: tuple[Finding, ...]
    shortcuts: tuple[Shortcut, ...]
    sources: tuple[Shortcut, ...]
    notes: tuple[str, ...]


def audit(dataset: DataSet, model: AuditModel, *, workers: int, progress: bool) -> Audit:
    """Look at every image once, and find what is wrong with the data set.

    Args:
        dataset: its records' splits are those that are checked for leaks.
        model: gives features, probabilities, and knows which images it learned from.
        workers: threads.
        progress: show a bar on stderr.

    Raises:
        UserError: the model's table of training images, or its run's split, is damaged.
    """
    records = dataset.records
    measured = survey(records, model.features, workers=workers, progress=progress)
    same_picture = copies(records, measured)
    findings = [*poor_images(measured, model.features.info), *same_picture]
    pairs = {finding.images for finding in same_picture}
    findings += [each for each in two_diagnoses(records) if tuple(sorted(each.images)) not in pairs]
    findings += two_splits(records, same_picture)
    findings += other_photographs(records, measured, same_picture)
    seen = find_seen(
        Candidates(records, measured.contents, measured.coefficients, dataset.layout),
        model.run,
        model.features.info,
        model.path,
    )
    findings += _learned_from(seen)
    by_models = _by_small_models(records, measured, seen)
    return Audit(
        dataset,
        (*findings, *by_models.findings),
        by_models.shortcuts,
        by_models.sources,
        (*dataset.notes, *seen.notes, *_without_features(measured), *by_models.notes),
    )


def _without_features(measured: Survey) -> list[str]:
    why = why_none(measured.features)
    return [] if why is None else [f"other photographs of one lesion were not looked for: {why}"]


def _learned_from(seen: Seen) -> list[Finding]:
    return [Finding("learned-from", (row,), 0.0, f"by {how}") for row, how in enumerate(seen.how) if how]


@dataclass(frozen=True, slots=True)
class _BySmallModels:
    """What needs models of its own: suspicious labels and shortcuts."""

    findings: tuple[Finding, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    sources: tuple[Shortcut, ...] = ()
    notes: tuple[str, ...] = ()


def _by_small_models(records: Sequence[Record], measured: Survey, seen: Seen) -> _BySmallModels:
    if not out_of_fold.available():
        return _BySmallModels(
            notes=(
                "suspicious labels and shortcuts were not looked for: they need scikit-learn "
                "(pip install 'dermdistill[train]')",
            )
        )
    unseen = np.array([not how for how in seen.how] or [True] * len(records), dtype=bool)
    labels = suspicious_labels(records, measured)
    melanoma = predicting_melanoma(records, measured, unseen)
    sources = predicting_source(records, measured)
    notes = []
    if labels is None or melanoma is None:
        notes.append(f"suspicious labels and shortcuts were not looked for: {_TOO_FEW}")
    if sources is None:
        notes.append(f"whether images tell their source was not asked: one source, or {_TOO_FEW}")
    return _BySmallModels(tuple(labels or ()), tuple(melanoma or ()), tuple(sources or ()), tuple(notes))
