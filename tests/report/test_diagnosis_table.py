"""What a report says of models that tell several diagnoses."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dermdistill.evaluation.predictions import read_predictions, write_predictions
from dermdistill.judgement.judge import judgement_of
from dermdistill.report.build import build_report
from dermdistill.report.diagnosis_table import diagnoses_table
from dermdistill.report.numbers import with_interval
from dermdistill.runs import RunFolder
from tests.run_folders import DIAGNOSES


def tells_diagnoses(run: RunFolder) -> RunFolder:
    """The same run, as if its models told the diagnoses apart."""
    classes = tuple(sorted(DIAGNOSES))
    for folder in run.models():
        table = read_predictions(folder.predictions)
        truth = np.array(table.diagnosis)[:, None] == np.array(classes)
        odds = np.exp(np.random.default_rng(0).normal(size=truth.shape) + 1.5 * truth)
        probabilities = odds / odds.sum(axis=1, keepdims=True)
        write_predictions(
            folder.predictions, replace(table, classes=classes, class_probabilities=probabilities)
        )
    return run


def test_balanced_accuracy_and_macro_auc(
    make_run: Callable[..., RunFolder], read_page: Callable[[Path], Any]
) -> None:
    run = tells_diagnoses(make_run(lesions=1200))
    page = read_page(build_report(run))
    group = judgement_of(run).groups["teacher"]
    found = group.mean.diagnoses
    assert found is not None
    assert found.balanced is None  # the weights of a run do not know the frequencies
    assert page.row("table-diagnoses", "Teacher (ResNet-50) as frequent as in training") == [
        "4",
        str(found.n_images),
        with_interval(found.as_trained.balanced_accuracy),
        with_interval(found.as_trained.macro_auc),
    ]
    assert (run.tables / "diagnoses.csv").exists()


def test_both_readings_have_a_row(make_run: Callable[..., RunFolder]) -> None:
    group = judgement_of(tells_diagnoses(make_run())).groups["teacher"]
    found = group.mean.diagnoses
    assert found is not None
    both = found.model_copy(update={"balanced": found.as_trained})
    mean = group.mean.model_copy(update={"diagnoses": both})
    table = diagnoses_table([group.model_copy(update={"mean": mean})])
    assert [row.heading.below for row in table.rows] == [
        ("as frequent as in training",),
        ("as if equally frequent",),
    ]


def test_models_of_melanoma_or_not_need_no_table(
    reported_run: RunFolder, read_page: Callable[[Path], Any]
) -> None:
    assert "table-diagnoses" not in read_page(reported_run.report).tables
