import base64
import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import rcParams
from sklearn.metrics import auc, roc_auc_score, roc_curve

from dermdistill.errors import UserError
from dermdistill.files import write_text
from dermdistill.json_files import read_json, write_json
from dermdistill.report.curves import Illustration, result_curves, training_curves
from dermdistill.report.figures import Curve, Panel, draw
from dermdistill.report.groups import Group, group_models
from dermdistill.report.reading import read_run
from dermdistill.report.results_tables import models_table
from dermdistill.runs import ModelSummary, RunFolder


@pytest.fixture(scope="module")
def groups(reported_run: RunFolder) -> tuple[Group, ...]:
    return group_models(read_run(reported_run))


@pytest.fixture(scope="module")
def illustrations(groups: tuple[Group, ...]) -> tuple[Illustration, ...]:
    return (*result_curves(groups), *training_curves(groups))


def test_roc_curve_of_one_model_is_scikit_learns(groups: tuple[Group, ...]) -> None:
    teacher = result_curves(groups)[0].panel.curves[0]
    test = groups[0].models[0].test
    expected = roc_curve(test.label, test.probability, drop_intermediate=False)[:2]
    np.testing.assert_allclose(teacher.main, expected)
    assert teacher.seeds == ()


def test_mean_roc_curve_lies_among_its_seeds(groups: tuple[Group, ...]) -> None:
    curve = result_curves(groups)[0].panel.curves[1]
    areas = [roc_auc_score(model.test.label, model.test.probability) for model in groups[1].models]
    assert len(curve.seeds) == 3
    assert [auc(*line) for line in curve.seeds] == pytest.approx(areas)
    assert auc(*curve.main) == pytest.approx(np.mean(areas), abs=0.01)
    assert np.all(np.diff(curve.main[1]) >= 0)
    assert curve.main[1][-1] == 1


def test_reliability_curve_balances(groups: tuple[Group, ...]) -> None:
    panel = result_curves(groups)[1].panel
    for group, curve in zip(groups, panel.curves, strict=True):
        label = np.concatenate([model.test.label for model in group.models])
        assert curve.main[1].min() <= label.mean() <= curve.main[1].max()
        assert np.all(np.diff(curve.main[0]) > 0)


def test_dots_mark_the_chosen_epochs(groups: tuple[Group, ...]) -> None:
    for group, curve in zip(groups, training_curves(groups)[0].panel.curves, strict=True):
        assert curve.marks is not None
        kept = [(model, epoch) for model in group.models for epoch in model.summary.kept_epochs]
        for (model, epoch), x, y in zip(kept, *curve.marks, strict=True):
            assert x == epoch
            assert y == model.history.val_auc[model.history.epoch.index(epoch)]


def test_a_model_that_is_an_average_shows_each_epoch_that_is_in_it(run_copy: RunFolder) -> None:
    before = training_curves(group_models(read_run(run_copy)))[0]
    assert "average" not in before.caption
    path = run_copy.model("dsnet-hinton-seed2").summary
    summary = read_json(path, ModelSummary)
    write_json(path, summary.model_copy(update={"kept_epochs": (4, 9)}))
    groups = group_models(read_run(run_copy))
    after = training_curves(groups)[0]
    assert "Where a training has several, the model is the average of their weights." in after.caption
    marks = after.panel.curves[2].marks
    assert marks is not None
    assert list(marks[0]) == [9, 9, 4, 9]
    cells = {row.heading.text: row.cells[4].text for row in models_table(groups).rows}
    assert cells["dsnet-hinton-seed2"] == "mean of 4, 9"
    assert cells["dsnet-hinton-seed1"] == "9"


@pytest.mark.parametrize(("best_epoch", "kept_epochs"), [(7, (7,)), (0, ())])
def test_runs_from_before_there_were_averages_can_be_read(
    run_copy: RunFolder, best_epoch: int, kept_epochs: tuple[int, ...]
) -> None:
    path = run_copy.model("dsnet-hinton-seed2").summary
    content = json.loads(path.read_text())
    del content["kept_epochs"]
    write_text(path, json.dumps({**content, "best_epoch": best_epoch}))
    assert read_json(path, ModelSummary).kept_epochs == kept_epochs


@pytest.mark.parametrize("content", ["null", "5", "[1]", '"x"', "{}"])
def test_a_summary_that_is_something_else_is_one_line(run_copy: RunFolder, content: str) -> None:
    path = run_copy.model("dsnet-hinton-seed2").summary
    path.write_text(content)
    with pytest.raises(UserError, match=r"model\.json"):
        read_json(path, ModelSummary)


def test_the_mean_over_the_seeds_ends_where_the_first_of_them_ends(run_copy: RunFolder) -> None:
    path = run_copy.model("dsnet-hinton-seed2").history
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:10]))
    curve = training_curves(group_models(read_run(run_copy)))[1].panel.curves[2]
    assert [len(x) for x, _ in curve.seeds] == [12, 12, 9]
    assert len(curve.main[0]) == 9
    assert curve.main[1][8] == pytest.approx(np.mean([values[8] for _, values in curve.seeds]))


def test_without_melanoma_there_is_no_roc_curve(make_run: Callable[..., RunFolder]) -> None:
    groups = group_models(read_run(make_run(diagnoses=("nevus",) * 4)))
    assert [i.panel.x for i in result_curves(groups)] == ["mean P(melanoma) of a bin"]


def test_words_tell_what_the_curves_show(illustrations: tuple[Illustration, ...]) -> None:
    assert "Teacher (ResNet-50): AUC 0.9" in illustrations[0].alt
    assert "thin lines: single seeds" in illustrations[0].caption


def test_drawings_are_whole_and_repeat(illustrations: tuple[Illustration, ...]) -> None:
    for illustration in illustrations:
        drawn = draw(illustration.panel, synthetic=False)
        assert ElementTree.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"
        assert drawn == draw(illustration.panel, synthetic=False)
        assert drawn != draw(illustration.panel, synthetic=True)
        assert len(base64.b64encode(drawn)) < 200_000


def test_a_users_matplotlib_settings_are_neither_used_nor_changed(
    illustrations: tuple[Illustration, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = draw(illustrations[0].panel, synthetic=False)
    monkeypatch.setitem(rcParams, "lines.linewidth", 9.0)
    assert draw(illustrations[0].panel, synthetic=False) == plain
    assert rcParams["lines.linewidth"] == 9.0


@pytest.mark.parametrize("losses", [[np.nan, np.nan], [0.5, np.nan], [1e-9, 3e5], [0.3, 0.3]])
def test_any_losses_can_be_drawn(losses: list[Any]) -> None:
    curve = Curve("a", (np.array([1.0, 2.0]), np.array(losses)))
    panel = Panel("epoch", "training loss", [curve], kind="epochs", log=True)
    assert draw(panel, synthetic=False).endswith(b"</svg>\n")
