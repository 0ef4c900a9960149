from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.axes import Axes
from scipy.optimize import minimize

from dermdistill.json_files import read_json, write_json
from dermdistill.report import plots
from dermdistill.report.plot_data import result_plots, training_plots
from dermdistill.report.plots import Panel, Plot, Series, apart, draw_plot
from dermdistill.report.read import ReportedRun, read_run
from dermdistill.report.results_tables import models_table
from dermdistill.runs import ModelSummary, RunFolder


@pytest.fixture(scope="module")
def run(reported_run: RunFolder) -> ReportedRun:
    return read_run(reported_run)


def plot(*panels: Panel) -> Plot:
    return Plot(panels, "a caption", "words")


def costs(values: Sequence[float], names: Sequence[str] | None = None) -> Panel:
    series = Series("distilled", (values, [0.5] * len(values)), 1, connected=False, aside=0.01)
    named = dict(zip(names or map(str, values), values, strict=True))
    return Panel("cost", "test AUC", [series], "cost", names=named, level=0.6)


def setting(values: Sequence[float], *, logarithmic: bool) -> Panel:
    aucs = [0.8] * len(values)
    series = Series("mean", (values, aucs), low=aucs, high=[0.9] * len(values))
    return Panel("setting", "test AUC", [series], "setting", logarithmic=logarithmic, base=values[0])


# Which plots


def test_dots_mark_the_epochs_that_were_kept(run: ReportedRun) -> None:
    for group, series in zip(run.groups, training_plots(run)[0].panels[0].series, strict=True):
        assert series.kept is not None
        kept = [(name, epoch) for name in group.models for epoch in run.summaries[name].kept_epochs]
        for (name, epoch), x, y in zip(kept, *series.kept, strict=True):
            history = run.histories[name]
            assert (x, y) == (epoch, history.val_auc[history.epoch.index(epoch)])


def test_a_model_that_is_an_average_shows_each_epoch_that_is_in_it(
    run: ReportedRun, run_copy: RunFolder
) -> None:
    assert "average" not in training_plots(run)[0].caption
    path = run_copy.model("dsnet-hinton-seed2").summary
    write_json(path, read_json(path, ModelSummary).model_copy(update={"kept_epochs": (4, 9)}))
    changed = read_run(run_copy)
    after = training_plots(changed)[0]
    assert "Where a training has several, the model is the average of their weights." in after.caption
    kept = after.panels[0].series[2].kept
    assert kept is not None
    assert list(kept[0]) == [9, 9, 4, 9]
    cells = {row.heading.text: row.cells[4].text for row in models_table(changed).rows}
    assert cells["dsnet-hinton-seed2"] == "mean of 4, 9"
    assert cells["dsnet-hinton-seed1"] == "9"


def test_the_mean_over_the_seeds_ends_where_the_first_of_them_ends(run_copy: RunFolder) -> None:
    path = run_copy.model("dsnet-hinton-seed2").history
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:10]))
    series = training_plots(read_run(run_copy))[1].panels[0].series[2]
    assert [len(x) for x, _ in series.seeds] == [12, 12, 9]
    assert len(series.main[0]) == 9
    assert series.main[1][8] == pytest.approx(np.mean([values[8] for _, values in series.seeds]))


def test_words_tell_what_the_curves_show(run: ReportedRun) -> None:
    roc, reliability = result_plots(run.groups)
    assert "Teacher (ResNet-50): AUC 0.9" in roc.alt
    assert "thin lines: single seeds" in roc.caption
    assert "Teacher (ResNet-50): ECE 0.0" in reliability.alt


# Drawing


@pytest.mark.parametrize("kind", ["curves", "cost", "setting"])
def test_drawings_are_whole_and_repeat(run: ReportedRun, kind: str) -> None:
    shown = {
        "curves": result_plots(run.groups)[0],
        "cost": replace(plot(costs([0.27, 23.5], ["DSNet", "$x <b>"])), legend="below"),
        "setting": plot(setting([3.0, 100.0], logarithmic=True), setting([3.0, 10.0], logarithmic=True)),
    }[kind]
    drawn = draw_plot(shown, synthetic=False)
    assert ElementTree.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"
    assert drawn == draw_plot(shown, synthetic=False)
    assert drawn != draw_plot(shown, synthetic=True)
    assert len(drawn) < 150_000


def test_every_colour_of_lines_and_letters_has_one_for_dark_pages() -> None:
    drawn = draw_plot(plot(setting([3.0, 10.0], logarithmic=False)), synthetic=True).decode()
    assert "#000000" not in drawn  # which would be left out of the styles that the rules go by
    assert "@media screen and (prefers-color-scheme: dark)" in drawn
    rules, _, rest = drawn.partition("</style>")
    for ink in ("#1c1c1e", "#8a8a8a", "#e3e3e3", "#8a5a00"):
        assert f": {ink}" in rest
        assert f'"fill: {ink}"]' in rules or f'"stroke: {ink}"]' in rules


def test_a_users_matplotlib_settings_are_neither_used_nor_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = plot(setting([3.0, 10.0], logarithmic=False))
    plain = draw_plot(shown, synthetic=False)
    monkeypatch.setitem(rcParams, "lines.linewidth", 9.0)
    assert draw_plot(shown, synthetic=False) == plain
    assert rcParams["lines.linewidth"] == 9.0


@pytest.mark.parametrize("losses", [[np.nan, np.nan], [0.5, np.nan], [1e-9, 3e5], [0.3, 0.3], [0.4]])
def test_any_losses_can_be_drawn(losses: list[float]) -> None:
    series = Series("a", (range(1, len(losses) + 1), losses))
    panel = Panel("epoch", "training loss", [series], "epochs", logarithmic=True)
    assert draw_plot(plot(panel), synthetic=False).endswith(b"</svg>\n")


def test_one_epoch_is_a_point_at_one_whole_number(monkeypatch: pytest.MonkeyPatch) -> None:
    axes: list[Axes] = []
    original = plots._tick_epochs

    def noting(of: Axes, panel: Panel) -> None:
        original(of, panel)
        axes.append(of)

    monkeypatch.setattr(plots, "_tick_epochs", noting)
    draw_plot(plot(Panel("epoch", "AUC", [Series("a", ([1.0], [0.7]))], "epochs")), synthetic=False)
    (low, high), ticks = axes[0].get_xlim(), axes[0].get_xticks()
    assert [tick for tick in ticks if low <= tick <= high] == [1.0]
    assert axes[0].get_lines()[0].get_marker() == "o"


@pytest.mark.parametrize("values", [[1.0], [5.0, 5.0], [0.001, 1e6], [5.5, 7.1]])
def test_any_costs_can_be_drawn(values: list[float]) -> None:
    panel = costs(values, [str(i) for i in range(len(values))])
    assert draw_plot(plot(panel), synthetic=False).endswith(b"</svg>\n")


def test_one_value_of_a_setting_can_be_drawn() -> None:
    assert draw_plot(plot(setting([8.0], logarithmic=False)), synthetic=False).endswith(b"</svg>\n")


def test_names_move_as_little_as_possible() -> None:
    places = np.array([0.1, 0.5, 0.505, 0.52, 0.9])
    moved = apart(places, 0.05)
    best = minimize(
        lambda x: ((x - places) ** 2).sum(),
        places,
        constraints=[{"type": "ineq", "fun": lambda x, i=i: x[i + 1] - x[i] - 0.05} for i in range(4)],
    )
    assert np.all(np.diff(moved) >= 0.05 - 1e-12)
    np.testing.assert_allclose(moved, best.x, atol=1e-5)
    np.testing.assert_allclose(apart(np.array([0.1, 0.5]), 0.05), [0.1, 0.5])
