import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from dermdistill.errors import UserError
from dermdistill.evaluation.estimates import Comparison, Evaluation, OperatingPoint
from dermdistill.evaluation.evaluate import compare_aucs, evaluate
from dermdistill.evaluation.predictions import Predictions, read_predictions, write_predictions
from dermdistill.evaluation.thresholds import operating_points
from dermdistill.judgement import judge
from dermdistill.judgement.judge import judge_run, judgement_of
from dermdistill.judgement.judgement import Judgement
from dermdistill.runs import RunFolder
from tests.run_folders import REPLICATES, Scenario, write_run

PATIENTS = (
    ("age", ("35", "45", "59.5", "60", "", "85")),
    ("sex", ("male", "female", "")),
    ("site", ("back",)),
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Two seeds, with patients' data, judged; tests only read it."""
    scenario = Scenario(seeds=(0, 1), lesions=160, details=PATIENTS)
    run = write_run(RunFolder(tmp_path_factory.mktemp("judged") / "run"), scenario)
    judge_run(run)
    return run


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """One seed, not judged."""
    return write_run(RunFolder(tmp_path / "run"), Scenario(lesions=80))


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An entry for each model whose figures are computed from here on."""
    names: list[str] = []

    def noting(test: Predictions, points: Sequence[OperatingPoint], *, replicates: int) -> Evaluation:
        names.append("a model")
        return evaluate(test, points, replicates=replicates)

    monkeypatch.setattr(judge, "evaluate", noting)
    return names


# What it says


def test_figures_are_those_of_the_predictions(shared: RunFolder) -> None:
    judgement = judgement_of(shared)
    table = read_predictions(shared.model("dsnet-hinton-seed1").predictions)
    test = table.of_split("test")
    expected = evaluate(test, operating_points(table.of_split("val")), replicates=REPLICATES)
    found = judgement.models["dsnet-hinton-seed1"]
    assert found == expected
    assert found.auc.value == pytest.approx(roc_auc_score(test.label, test.probability))
    assert judgement.groups["dsnet-hinton"].mean.auc.per_seed == (
        judgement.models["dsnet-hinton-seed0"].auc.value,
        found.auc.value,
    )
    assert judgement.lesions == {"train": 80, "val": 24, "test": 56}


def test_groups_and_comparisons_are_in_order(shared: RunFolder) -> None:
    judgement = judgement_of(shared)
    assert list(judgement.groups) == ["teacher", "dsnet-labels", "dsnet-hinton", "dsnet-as-published"]
    assert [group.label for group in judgement.groups.values()][1:3] == [
        "DSNet labels only",
        "DSNet distilled",
    ]
    assert [(c.a, c.b, c.claim) for c in judgement.comparisons][:2] == [
        ("dsnet-hinton", "dsnet-labels", "few seeds"),
        ("dsnet-as-published", "dsnet-labels", "undefined"),  # the very same predictions
    ]
    assert [(c.a, c.b) for c in judgement.comparisons][2:] == [
        (name, "teacher") for name in ("dsnet-labels", "dsnet-hinton", "dsnet-as-published")
    ]


def test_a_comparison_is_paired_over_the_seeds(shared: RunFolder) -> None:
    tests = {
        group: [
            read_predictions(shared.model(f"dsnet-{group}-seed{seed}").predictions).of_split("test")
            for seed in (0, 1)
        ]
        for group in ("hinton", "labels")
    }
    expected = compare_aucs(
        tests["hinton"], tests["labels"], names=("dsnet-hinton", "dsnet-labels"), replicates=REPLICATES
    )
    found = judgement_of(shared).comparisons[0]
    assert Comparison(**found.model_dump(exclude={"claim"})) == expected


def test_subgroups_are_parts_of_the_test_images(shared: RunFolder) -> None:
    found = judgement_of(shared).groups["dsnet-hinton"].subgroups
    assert [(each.by, each.value) for each in found] == [
        *(("age", value) for value in ("under 40", "40 to 59", "60 and over", "not stated")),
        *(("sex", value) for value in ("female", "male", "not stated")),
    ]  # one site alone is not a subgroup
    tables = [read_predictions(shared.model(f"dsnet-hinton-seed{seed}").predictions) for seed in (0, 1)]
    for each in found[4:]:
        aucs, sensitivities = [], []
        for table in tables:
            point = next(p for p in operating_points(table.of_split("val")) if p.name == "sensitivity_0.90")
            test = table.of_split("test")
            of = test.take(
                [i for i, sex in enumerate(test.details["sex"]) if (sex or "not stated") == each.value]
            )
            aucs.append(roc_auc_score(of.label, of.probability))
            assert point.threshold is not None
            sensitivities.append(np.mean(of.probability[of.label] >= point.threshold))
        assert (each.n_images, each.n_melanoma) == (len(of), of.label.sum())
        assert each.auc.per_seed == pytest.approx(aucs)
        assert each.auc.value == pytest.approx(np.mean(aucs))
        assert each.sensitivity.per_seed == pytest.approx(sensitivities)


def test_many_sites_are_pooled_and_one_class_has_no_threshold(tmp_path: Path) -> None:
    sites = ("site", tuple(f"site {i:02d}" for i in range(30)))
    scenario = Scenario(lesions=200, details=(sites,), diagnoses=("nevus",) * 4)
    judgement = judge_run(write_run(RunFolder(tmp_path / "run"), scenario))
    found = judgement.groups["teacher"].subgroups
    assert len(found) == 11
    assert found[-1].value == "other"
    assert sum(each.n_images for each in found) == judgement.models["teacher"].n_images
    assert found[0].auc.reason == "no melanoma among the images"
    assert found[0].specificity.reason is not None


# Stored and read


def test_it_is_computed_once(run: RunFolder, computed: list[str]) -> None:
    first = judgement_of(run)
    assert len(computed) == 4
    assert judgement_of(run) == first
    assert len(computed) == 4
    assert Judgement.model_validate_json(run.judgement.read_bytes()) == first


@pytest.mark.parametrize(
    "change",
    [
        lambda run: run.judgement.unlink(),
        lambda run: _halve_probabilities(run.model("teacher").predictions),
        lambda run: run.recipe.write_text(
            run.recipe.read_text().replace("replicates = 100", "replicates = 101")
        ),
        lambda run: _write(run.judgement, version=0),
        lambda run: _write(run.judgement, unknown=1),
    ],
    ids=["missing", "predictions", "recipe", "version", "field"],
)
def test_what_does_not_fit_the_folder_is_computed_anew(
    run: RunFolder, computed: list[str], change: Callable[[RunFolder], None]
) -> None:
    judgement_of(run)
    computed.clear()
    change(run)
    found = judgement_of(run)
    assert len(computed) == 4
    assert Judgement.model_validate_json(run.judgement.read_bytes()) == found


def _halve_probabilities(path: Path) -> None:
    table = read_predictions(path)
    write_predictions(path, replace(table, probability=table.probability / 2))


def _more_replicates(recipe: Path) -> None:
    recipe.write_text(recipe.read_text().replace("replicates = 100", "replicates = 101"))


def _write(path: Path, **entries: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def test_files_of_older_versions_do_not_matter(run: RunFolder) -> None:
    expected = judge_run(run)
    run.judgement.unlink()
    (run.path / "comparisons.json").write_text("[]")
    (run.model("teacher").path / "metrics.json").write_text("{}")
    assert judgement_of(run) == expected


@pytest.mark.parametrize("content", ["my notes", "{}", "[1]", '{"version": 1}'])
def test_a_file_of_somebody_else_is_kept(run: RunFolder, content: str) -> None:
    run.judgement.write_text(content)
    with pytest.raises(UserError, match=r"judgement\.json: exists and is not a judgement") as caught:
        judgement_of(run)
    assert "\n" not in str(caught.value)
    assert run.judgement.read_text() == content


def test_a_model_that_is_not_finished_is_left_out(run: RunFolder) -> None:
    run.model("dsnet-labels-seed0").summary.unlink()
    judgement = judgement_of(run)
    assert list(judgement.groups) == ["teacher", "dsnet-hinton", "dsnet-as-published"]
    assert {c.b for c in judgement.comparisons} == {"teacher"}


def test_models_scored_on_other_images_are_refused(run: RunFolder) -> None:
    path = run.model("dsnet-labels-seed0").predictions
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(UserError, match=re.escape(str(path))):
        judge_run(run)
    assert not run.judgement.exists()


def test_a_missing_table_is_named(run: RunFolder) -> None:
    judge_run(run)
    path = run.model("teacher").predictions
    path.unlink()
    with pytest.raises(UserError, match=re.escape(str(path))):
        judgement_of(run)


def test_it_needs_no_training_library(run: RunFolder) -> None:
    code = (
        "import sys, pathlib; from dermdistill.judgement.judge import judge_run; "
        "from dermdistill.runs import RunFolder; judge_run(RunFolder(pathlib.Path(sys.argv[1]))); "
        "sys.exit(len({'torch', 'onnx', 'matplotlib', 'jinja2'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code, run.path], check=True)
