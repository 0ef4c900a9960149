"""The report of an evaluation, and its place in the report of the run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermdistill.evaluation.predictions import Predictions, read_predictions, write_predictions
from dermdistill.evaluation.thresholds import operating_points
from dermdistill.json_files import read_json, write_json
from dermdistill.judgement.decisions import Use
from dermdistill.judgement.groups import ScoredModel
from dermdistill.judgement.judge import judge_evaluation
from dermdistill.judgement.judgement import Judgement
from dermdistill.report.build import build_report
from dermdistill.report.evaluation_page import build_evaluation_report
from dermdistill.runs import EvaluationManifest, ModelSummary, RunFolder
from tests.run_folders import Scenario, write_run

SCENARIO = Scenario(seeds=(0, 1), lesions=700)


def evaluate_again(run: RunFolder, change: Callable[[Predictions], Predictions]) -> Path:
    """The run's models judged on their own test images, as if these were other data."""
    out = run.path / "evaluations" / "MINE"
    scored = []
    for folder in run.models():
        table = read_predictions(folder.predictions)
        test = change(table.of_split("test"))
        name, summary = folder.path.name, read_json(folder.summary, ModelSummary)
        write_predictions(out / name / "predictions.csv", test)
        points = operating_points(table.of_split("val"))
        scored.append(ScoredModel(name, summary.group, test, points, summary))
    manifest = EvaluationManifest(
        model=str(run.path), data=("photographs/MINE",), split=None, synthetic=False, layout="table"
    )
    write_json(RunFolder(out).evaluation, manifest)
    judge_evaluation(
        scored,
        RunFolder(out).judgement,
        use=Use(),
        synthetic=False,
        notes=("3 of 9 images look like images that the model learned from",),
        replicates=100,
    )
    return out


def harder_on_the_face(test: Predictions) -> Predictions:
    """On every third photograph, called those of the face, the probabilities say nothing."""
    generator = np.random.default_rng(0)
    is_face = np.arange(len(test)) % 3 == 0
    noise = generator.permutation(test.probability)
    site = tuple("face" if face else "back" for face in is_face)
    return replace(test, probability=np.where(is_face, noise, test.probability), details={"site": site})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run, one evaluation of it and both reports; tests only read it."""
    run = write_run(RunFolder(tmp_path_factory.mktemp("evaluated") / "run"), SCENARIO)
    build_evaluation_report(evaluate_again(run, harder_on_the_face))
    build_report(run)
    return run


@pytest.fixture
def judgement(run: RunFolder) -> Judgement:
    return read_json(RunFolder(run.path / "evaluations" / "MINE").judgement, Judgement)


def test_every_group_has_its_figures(
    run: RunFolder, judgement: Judgement, read_page: Callable[[Path], Any]
) -> None:
    page = read_page(run.path / "evaluations" / "MINE" / "report.html")
    labels = [group.label for group in judgement.groups.values()]
    assert page.tables["table-decision"][0][1:] == labels
    sensitivities = [group.decision.sensitivity for group in judgement.groups.values() if group.decision]
    assert len(sensitivities) == len(labels)
    for cell, estimate in zip(page.row("table-decision", "sensitivity"), sensitivities, strict=True):
        assert cell == f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"
    assert "Evaluation of 4 models on MINE" in page.text
    for label, estimate in zip(labels, sensitivities, strict=True):
        assert f"{label}: sensitivity {estimate.value:.3f} [" in page.text
    assert "3 of 9 images look like images that the model learned from." in page.text


def test_groups_are_compared_in_pairs(
    run: RunFolder, judgement: Judgement, read_page: Callable[[Path], Any]
) -> None:
    page = read_page(run.path / "evaluations" / "MINE" / "report.html")
    assert len(judgement.comparisons) > 0
    assert len(page.tables["table-comparisons"]) == 1 + len(judgement.comparisons)


def test_flags_are_counted_in_a_thousand_lesions(
    run: RunFolder, judgement: Judgement, read_page: Callable[[Path], Any]
) -> None:
    page = read_page(run.path / "evaluations" / "MINE" / "report.html")
    of = judgement.groups["teacher"].decision
    assert of is not None
    assert of.sensitivity.value is not None
    assert of.specificity.value is not None
    flagged, hits, missed = page.row("table-prevalence-1-teacher", "10 %")[-3:]
    assert float(hits) == pytest.approx(100 * of.sensitivity.value, abs=0.5)
    assert float(hits) + float(missed) == pytest.approx(100, abs=1)
    assert float(flagged) == pytest.approx(float(hits) + 900 * (1 - of.specificity.value), abs=1)


def test_a_difference_beyond_chance_is_said(run: RunFolder, read_page: Callable[[Path], Any]) -> None:
    page = read_page(run.path / "evaluations" / "MINE" / "report.html")
    assert "Site, back: AUC differs from all others by +" in page.text
    row = next(row for row in page.tables["table-differences-1-teacher"] if row[:2] == ["Site: back", "AUC"])
    assert row[-1] == "< 0.001"
    assert "Site, face" not in page.text  # the same difference, turned round


def test_the_runs_report_shows_its_evaluations(
    run: RunFolder, judgement: Judgement, read_page: Callable[[Path], Any]
) -> None:
    page = read_page(run.report)
    auc = judgement.groups["teacher"].mean.auc
    label = judgement.groups["teacher"].label
    assert page.row("table-evaluations", label)[2].startswith(f"{auc.value:.3f}")
    links = [attributes.get("href") for name, attributes in page.elements if name == "a"]
    assert "evaluations/MINE/report.html" in links


def test_an_evaluation_of_another_version_is_named(tmp_path: Path, read_page: Callable[[Path], Any]) -> None:
    run = write_run(RunFolder(tmp_path / "run"), Scenario())
    folder = run.path / "evaluations" / "old"
    folder.mkdir(parents=True)
    (folder / "evaluation.json").write_text("{}")
    (folder / "judgement.json").write_text('{"version": 1}')
    page = read_page(build_report(run))
    assert "old: unfinished, or made by another version; evaluate again" in page.text
