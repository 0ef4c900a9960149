"""Measured figures of a model with their source: one list for the card, its metadata and its tables."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dermdistill.card.subject import Subject
from dermdistill.errors import UserError
from dermdistill.evaluation.estimates import Estimate, Evaluation
from dermdistill.inference.decision import default_point

POINT_WORDS = {"sensitivity": "recall", "specificity": "specificity"}
"""Figures at an operating point, and what the Hub calls them."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Attributes:
        name: for people.
        metric: the Hub's name of it.
        value, low, high: the figure with its 95 % interval; None where there is none.
        where: the field that it was read from, in its file.
    """

    name: str
    metric: str
    value: float
    low: float | None
    high: float | None
    where: str

    @property
    def text(self) -> str:
        """The value with its interval, three digits."""
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class TestSet:
    """The figures of a model on one set of images that it did not learn from.

    Attributes:
        name: of the data.
        is_external: whether the images are not of the model's own data set.
        source: the file in which the figures are recorded.
        what: which form of the model was evaluated.
        note: what to know before the figures are trusted; None where nothing is recorded.
    """

    __test__ = False  # pytest takes the name for a test

    name: str
    is_external: bool
    source: str
    what: str
    images: int
    melanomas: int
    figures: tuple[Figure, ...]
    note: str | None = None

    @property
    def prevalence(self) -> float:
        """Share of melanomas."""
        return self.melanomas / self.images


def measured_on(subject: Subject) -> list[TestSet]:
    """The test images of the model's run, then the evaluations on other data."""
    found = []
    point = default_point(subject.info)
    if subject.run is not None and subject.internal is not None:
        name = "test images of the run"
        path = f"models.{subject.run.summary.name}"
        found.append(_of_evaluation(name, subject.internal, path, "judgement.json", False, False, point))
    for each in subject.elsewhere:
        source = f"evaluations/{each.name}/judgement.json"
        path = f"models.{each.model}"
        found.append(_of_evaluation(each.name, each.figures, path, source, True, each.is_exported, point))
    for document in subject.documents:
        if document.suffix == ".json":
            found += _transcribed(document, point)
    return found


def _of_evaluation(
    name: str, found: Evaluation, path: str, source: str, is_external: bool, is_calibrated: bool, point: str
) -> TestSet:
    figures = list(_ranking(found, path, point))
    # The weights of a run are not calibrated: only the exported file is.
    if is_calibrated:
        figures += _figure("Brier score", "brier_score", found.brier, f"{path}.brier")
        figures += _figure("Calibration error (ECE)", "ece", found.ece, f"{path}.ece")
    return TestSet(
        name=name,
        is_external=is_external,
        source=source,
        what="the model file" if is_calibrated else "the trained network, before calibration",
        images=found.n_images,
        melanomas=found.n_melanoma,
        figures=tuple(figures),
    )


def _ranking(found: Evaluation, path: str, name_of_point: str) -> Iterator[Figure]:
    yield from _figure("AUC", "roc_auc", found.auc, f"{path}.auc")
    yield from _figure("Average precision", "average_precision", found.auprc, f"{path}.auprc")
    point = found.operating_points.get(name_of_point)
    if point is not None:
        for name, metric in POINT_WORDS.items():
            where = f"{path}.operating_points.{name_of_point}.{name}"
            yield from _figure(f"{name.capitalize()} at {name_of_point}", metric, getattr(point, name), where)
    if found.diagnoses is not None:
        for reading, scores in (
            ("as_trained", found.diagnoses.as_trained),
            ("balanced", found.diagnoses.balanced),
        ):
            if scores is not None:
                title = f"Balanced accuracy over {len(found.diagnoses.diagnoses)} diagnoses"
                name = f"{title}, {reading.replace('_', ' ')}"
                where = f"{path}.diagnoses.{reading}.balanced_accuracy"
                yield from _figure(name, "balanced_accuracy", scores.balanced_accuracy, where)


def _figure(name: str, metric: str, estimate: Estimate, where: str) -> Iterator[Figure]:
    if estimate.value is not None:
        yield Figure(name, metric, estimate.value, estimate.low, estimate.high, where)


def _transcribed(document: Path, point: str) -> Iterator[TestSet]:
    """The figures of the packaged model, which its maintainers measured."""
    try:
        rows = json.loads(document.read_bytes())["files"]
        for i, row in enumerate(rows):
            if row["file"] == "float":
                yield TestSet(
                    name=f"{row['test_set']} test images",
                    is_external=row["test_set"] == "external",
                    source=document.name,
                    what="the model file",
                    images=row["images"],
                    melanomas=row["melanomas"],
                    figures=tuple(_figures_of_row(row, f"files[{i}]", point)),
                    note=row.get("note"),
                )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{document}: damaged ({error!r}); install dermdistill again") from None


def _figures_of_row(row: dict[str, Any], path: str, name_of_point: str) -> Iterable[Figure]:
    entries = [("AUC", "roc_auc", row["auc"], f"{path}.auc")]
    point = row["operating_points"][name_of_point]
    for name, metric in POINT_WORDS.items():
        where = f"{path}.operating_points.{name_of_point}.{name}"
        entries.append((f"{name.capitalize()} at {name_of_point}", metric, point[name], where))
    entries.append(("Calibration error (ECE)", "ece", row["ece"], f"{path}.ece"))
    for name, metric, value, where in entries:
        estimate = value if isinstance(value, dict) else {"value": value}
        yield Figure(name, metric, estimate["value"], estimate.get("low"), estimate.get("high"), where)
