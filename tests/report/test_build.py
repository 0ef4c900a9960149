import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from dermdistill.config import StudentRecipe
from dermdistill.errors import UserError
from dermdistill.judgement.judge import judgement_of
from dermdistill.records import Pixels
from dermdistill.report import build_report
from dermdistill.report.gallery import thumbnail_path
from dermdistill.runs import RunFolder

from ..run_folders import NETWORKS, RECIPE, Network, Scenario, write_run

MakeRun = Callable[..., RunFolder]
ReadPage = Callable[[Path], Any]
DrawImages = Callable[[Sequence[str]], list[Pixels]]
GROUPS = ["Teacher (ResNet-50)", "DSNet labels only", "DSNet distilled", "DSNet as published"]


def change_json(path: Path, **entries: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


# What it says


def test_every_group_has_its_row_the_teacher_first(reported_run: RunFolder, read_page: ReadPage) -> None:
    page = read_page(reported_run.report)
    assert [row[0] for row in page.tables["table-main"][1:]] == GROUPS
    assert [row[0] for row in page.tables["table-classes-youden"][2:]] == GROUPS


def test_the_teachers_figures_are_those_of_the_judgement(
    reported_run: RunFolder, read_page: ReadPage
) -> None:
    page = read_page(reported_run.report)
    figures = judgement_of(reported_run).models["teacher"]
    youden = figures.operating_points["youden"]
    main = page.row("table-main", GROUPS[0])
    classes = page.row("table-classes-youden", GROUPS[0])
    for cell, figure in (
        (main[0], figures.auc),
        (main[1], figures.sensitivity_at_specificity["0.90"]),
        (classes[0], youden.accuracy),
        (classes[1], youden.melanoma.precision),
        (classes[2], youden.sensitivity),
        (classes[6], youden.other.f1),
    ):
        assert cell == f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def test_a_group_of_seeds_has_their_mean_and_range(reported_run: RunFolder, read_page: ReadPage) -> None:
    page = read_page(reported_run.report)
    models = judgement_of(reported_run).models
    aucs = [models[f"dsnet-hinton-seed{seed}"].auc.value or 0 for seed in range(3)]
    cell = page.row("table-main", "DSNet distilled")[0]
    assert cell.startswith(f"{sum(aucs) / 3:.3f} [")
    assert cell.endswith(f"seeds {min(aucs):.3f}\N{EN DASH}{max(aucs):.3f}")


def test_size_and_cost_are_in_units_for_people(reported_run: RunFolder, read_page: ReadPage) -> None:
    page = read_page(reported_run.report)
    rows = [page.row("table-main", name)[2:] for name in GROUPS[:2]]
    assert rows == [
        ["1", "23,516,228", "4.09 G", "94.3 MB", "1 h 23 min"],
        ["3", "268,898", "1.10 G", "1.08 MB", "5 min 38 s mean of 3"],
    ]


def test_comparisons_are_shown_with_what_they_allow_to_say(
    reported_run: RunFolder, read_page: ReadPage
) -> None:
    page = read_page(reported_run.report)
    comparison = judgement_of(reported_run).comparisons[0]
    delta = comparison.delta_auc
    row = page.row("table-comparisons", "DSNet distilled minus DSNet labels only")
    assert row[0] == f"{delta.value:+.3f} [{delta.low:+.3f}, {delta.high:+.3f}]"
    assert row[1] == "3 and 3"
    assert row[3] == "DSNet distilled has the higher AUC"
    assert "Distillation helped: DSNet distilled scored higher than DSNet labels only, by 0." in page.text
    assert "DSNet as published and DSNet labels only cannot be compared" in page.text


def test_data_table_adds_up_to_the_split(reported_run: RunFolder, read_page: ReadPage) -> None:
    page = read_page(reported_run.report)
    rows = page.tables["table-data"][1:-2]
    images = [int(cell.replace(",", "")) for cell in page.row("table-data", "images")]
    shown = [[int(cell.split()[0].replace(",", "")) for cell in row[1:]] for row in rows]
    assert [sum(column) for column in zip(*shown, strict=True)] == images
    assert images[3] == sum(images[:3])
    assert rows[0][0] == "melanoma"
    assert page.row("table-data", "lesions")[3] == "240"
    assert "5f2c9a7e41b0" in page.text


def test_further_columns_of_the_split_are_no_matter(run_copy: RunFolder) -> None:
    before = run_copy.report.read_bytes()
    header, *lines = run_copy.split.read_text().splitlines()
    run_copy.split.write_text("\n".join([f"{header},remark", *(f"{line},x" for line in lines)]) + "\n")
    assert build_report(run_copy).read_bytes() == before


def test_confusion_matrices_hold_the_counts(reported_run: RunFolder, read_page: ReadPage) -> None:
    page = read_page(reported_run.report)
    confusion = judgement_of(reported_run).models["teacher"].operating_points["youden"].confusion
    cells = page.row("table-confusion-youden", "Teacher (ResNet-50)")
    assert [cell.split()[0] for cell in cells] == [str(count) for row in confusion for count in row]
    (missed, found) = confusion[1]
    assert cells[3].split()[1] == f"{100 * found / (missed + found):.1f}"


def test_operating_points_show_validation_and_test(reported_run: RunFolder, read_page: ReadPage) -> None:
    page = read_page(reported_run.report)
    metrics = judgement_of(reported_run).models["teacher"]
    scores = metrics.operating_points["sensitivity_0.95"]
    cells = page.row("table-operating-points", "Teacher (ResNet-50)")
    assert cells[1:3] == [f"{scores.point.sensitivity:.3f}", f"{scores.point.specificity:.3f}"]
    assert cells[3].startswith(f"{scores.sensitivity.value:.3f}")


def test_the_papers_own_figures_stand_beside_ours(reported_run: RunFolder, read_page: ReadPage) -> None:
    page = read_page(reported_run.report)
    papers = page.row("table-classes-argmax", "DSNet in the paper on other images")
    assert papers == ["0.917", "0.96", "0.87", "0.91", "0.88", "0.97", "0.92"]
    row = page.row("table-table-2", "DSNet")
    assert row[:4] == ["0.26 M", "340 s", "2.57 s", "0.917"]
    assert row[4] == "268,898 1.10 G MACs weights: unknown"
    groups = judgement_of(reported_run).groups
    for cell, name in zip(row[6:], ("labels", "hinton"), strict=True):
        assert cell.startswith(
            f"{groups[f'dsnet-{name}'].mean.operating_points['argmax'].accuracy.value:.3f} AUC"
        )
    assert "not comparable" in page.text


def test_it_is_said_once_that_this_is_no_medical_device(reported_run: RunFolder, read_page: ReadPage) -> None:
    assert read_page(reported_run.report).text.count("not a medical device") == 1


def test_synthetic_images_are_named_so_and_real_ones_not(
    make_run: MakeRun, reported_run: RunFolder, read_page: ReadPage
) -> None:
    synthetic = read_page(build_report(make_run(synthetic=True)))
    assert synthetic.text.startswith("SYNTHETIC: ")
    assert ("p", {"class": "banner", "role": "note"}) in synthetic.elements
    assert "SYNTHETIC" not in read_page(reported_run.report).text


def test_training_that_failed_or_did_not_finish_is_named(run_copy: RunFolder, read_page: ReadPage) -> None:
    change_json(run_copy.model("dsnet-hinton-seed1").summary, failure="the loss was not a number in epoch 4")
    run_copy.model("dsnet-labels-seed2").summary.unlink()
    text = read_page(build_report(run_copy)).text
    assert "dsnet-hinton-seed1 stopped early: the loss was not a number in epoch 4." in text
    assert "dsnet-labels-seed2 is not finished and is left out." in text


def test_every_table_is_a_file_too(reported_run: RunFolder, read_page: ReadPage) -> None:
    page = read_page(reported_run.report)
    names = {name.removeprefix("table-") for name in page.tables}
    files = {path.name for path in reported_run.tables.iterdir()}
    assert files == {f"{name}.{ending}" for name in names for ending in ("csv", "md", "tex")} | {
        "written.json"
    }
    with (reported_run.tables / "main.csv").open(newline="") as handle:
        rows = list(csv.reader(handle))
    shown = [[" ".join(cell.replace(";", "").split()) for cell in row] for row in rows]
    assert shown == page.tables["table-main"]


def test_a_run_that_goes_on_says_so(run_copy: RunFolder, read_page: ReadPage) -> None:
    change_json(run_copy.manifest, finished=None)
    page = read_page(build_report(run_copy))
    assert page.row("table-environment", "finished")[0].startswith("not finished")


def test_undefined_figures_are_dashes_with_the_reason(make_run: MakeRun, read_page: ReadPage) -> None:
    page = read_page(build_report(make_run(diagnoses=("nevus",) * 4)))
    assert [page.row("table-main", name)[0] for name in GROUPS] == ["\N{EN DASH} a"] * 4
    assert page.row("table-classes-youden", GROUPS[0]) == ["\N{EN DASH} a"] * 7
    assert "a no melanoma among the images" in page.text
    assert "a no threshold chosen: the validation images are of one class" in page.text
    assert any(attributes.get("title") == "no melanoma among the images" for _, attributes in page.elements)
    assert "Teacher (ResNet-50): undefined, no melanoma among the images" in page.text


# The most wrong images


def test_the_most_wrong_images_are_shown_with_diagnosis_and_probability(
    reported_run: RunFolder, read_page: ReadPage
) -> None:
    page = read_page(reported_run.report)
    captions = [a["alt"] for tag, a in page.elements if tag == "img" and "P(melanoma) 0." in a["alt"]]
    assert len(captions) == 12 * len(GROUPS)
    assert all(re.fullmatch(r"[a-z ]+, P\(melanoma\) 0\.\d{3}", caption) for caption in captions)
    assert "no thumbnail" not in page.text


def test_a_missing_thumbnail_leaves_its_caption(make_run: MakeRun, read_page: ReadPage) -> None:
    page = read_page(build_report(make_run()))
    assert page.text.count("no thumbnail in the run folder") == 12 * len(GROUPS)


# A page of its own


def test_nothing_is_loaded_from_elsewhere(reported_run: RunFolder, read_page: ReadPage) -> None:
    page = read_page(reported_run.report)
    loaded = [
        attributes[name]
        for tag, attributes in page.elements
        for name in ("src", "href", "srcset", "data", "action")
        if name in attributes and tag != "a"
    ]
    assert loaded
    assert all(
        source.startswith(("data:image/svg+xml;base64,", "data:image/jpeg;base64,")) for source in loaded
    )
    links = {a["href"] for tag, a in page.elements if tag == "a" and not a["href"].startswith("#")}
    assert links == {"https://arxiv.org/abs/2210.08086"}
    assert not {"script", "link", "iframe"} & {tag for tag, _ in page.elements}
    assert "url(" not in reported_run.report.read_text(encoding="utf-8")


def test_every_link_within_the_page_has_its_target(reported_run: RunFolder, read_page: ReadPage) -> None:
    page = read_page(reported_run.report)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for tag, a in page.elements if tag == "a" and a["href"][0] == "#"} <= set(ids)


def test_every_image_has_words(reported_run: RunFolder, read_page: ReadPage) -> None:
    page = read_page(reported_run.report)
    assert all(attributes["alt"] for tag, attributes in page.elements if tag == "img")


def test_names_from_the_data_cannot_become_markup(
    make_run: MakeRun, read_page: ReadPage, draw_images: DrawImages
) -> None:
    run = make_run(
        image_id="<script>alert({})</script>",
        notes=("<img src=x onerror=alert(1)>",),
        diagnoses=("nevus", "melanoma", "</table><b onclick='x'>", '"><svg onload=x>'),
    )
    change_json(run.model("dsnet-hinton-seed0").summary, failure="<iframe src='x'>", architecture="<u>$x")
    page = read_page(build_report(run, images=draw_images))
    assert re.search(r"<script>alert\(\d+\)</script>", page.text)
    assert "<img src=x onerror=alert(1)>" in page.text
    assert not {"script", "iframe", "u", "svg"} & {tag for tag, _ in page.elements}
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)


def test_it_is_small(reported_run: RunFolder) -> None:
    assert reported_run.report.stat().st_size < 2_000_000


# Rebuilding


def test_the_same_folder_gives_the_same_bytes_anywhere(reported_run: RunFolder, run_copy: RunFolder) -> None:
    before = run_copy.report.read_bytes()
    run_copy.report.unlink()
    assert build_report(run_copy).read_bytes() == before
    assert str(reported_run.path).encode() not in before


def test_it_needs_no_torch_and_leaves_no_global_figures(run_copy: RunFolder) -> None:
    code = (
        "import sys, pathlib; from dermdistill.report import build_report; "
        "from dermdistill.runs import RunFolder; build_report(RunFolder(pathlib.Path(sys.argv[1]))); "
        "sys.exit(len({'torch', 'matplotlib.pyplot'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code, run_copy.path], check=True)


def test_thumbnails_are_stored_only_for_what_is_shown(
    make_run: MakeRun, draw_images: DrawImages, read_page: ReadPage
) -> None:
    run = make_run()
    asked: list[str] = []

    def images(image_ids: Sequence[str]) -> list[Pixels]:
        asked.extend(image_ids)
        return draw_images(image_ids)

    page = read_page(build_report(run, images=images))
    assert len(asked) == len(set(asked))
    assert sorted((run.path / "thumbnails").iterdir()) == sorted(thumbnail_path(run, i) for i in asked)
    assert all(image_id in page.text for image_id in asked)


# Bad input


OF_A_MODEL = ("model.json", "history.csv", "predictions.csv")
FILES = (
    *("recipe.toml", "run.json", "split.csv"),
    *(f"models/dsnet-hinton-seed0/{name}" for name in OF_A_MODEL),
)


@pytest.mark.parametrize(
    ("name", "content"),
    [(name, content) for name in FILES for content in (b"", b"\xff\xfe{not this", b"{")]
    # A model without its summary is one that is not finished.
    + [(name, None) for name in FILES if not name.endswith("model.json")],
)
def test_a_missing_or_damaged_file_costs_one_line_that_names_it(
    run_copy: RunFolder, name: str, content: bytes | None
) -> None:
    report = run_copy.report.read_bytes()
    path = run_copy.path / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        build_report(run_copy)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert run_copy.report.read_bytes() == report


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("models/teacher/history.csv", "epoch,train_loss\n1,0.5\n", "column 'val_auc' is missing"),
        ("models/teacher/history.csv", "epoch,train_loss,val_auc\n1,0.5\n", "line 2 is cut short"),
        ("models/teacher/history.csv", "epoch,train_loss,val_auc\n", "no epoch"),
        ("models/teacher/history.csv", "epoch,train_loss,val_auc\n1,low,0.5\n", "line 2: could not convert"),
        (
            "models/teacher/predictions.csv",
            "image_id,lesion_id,split,diagnosis,probability\na,b,val,nevus,0.5\n",
            "no row of the test split",
        ),
    ],
)
def test_a_wrong_table_is_told_by_its_line(
    run_copy: RunFolder, file: str, content: str, message: str
) -> None:
    (run_copy.path / file).write_text(content)
    with pytest.raises(UserError) as caught:
        build_report(run_copy)
    assert str(caught.value).startswith(f"{run_copy.path / file}: damaged ({message}")


@pytest.mark.parametrize("name", ["dev", ""])
def test_an_unknown_split_is_told_by_its_line(run_copy: RunFolder, name: str) -> None:
    run_copy.split.write_text(f"image_id,lesion_id,diagnosis,split,content\na,b,nevus,{name},0f\n")
    with pytest.raises(UserError, match=re.escape(f"{run_copy.split}, line 2: split is '{name}'; expected")):
        build_report(run_copy)


def test_models_judged_on_other_images_are_refused(run_copy: RunFolder) -> None:
    path = run_copy.model("dsnet-labels-seed0").predictions
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    with pytest.raises(UserError, match=re.escape(str(path))):
        build_report(run_copy)


def test_a_damaged_thumbnail_is_named(run_copy: RunFolder) -> None:
    shown = sorted((run_copy.path / "thumbnails").iterdir())[0]
    shown.write_bytes(shown.read_bytes()[:300])
    with pytest.raises(UserError, match=re.escape(str(shown))):
        build_report(run_copy)


def test_a_run_without_a_finished_model_is_refused(run_copy: RunFolder) -> None:
    for model in run_copy.models():
        model.summary.unlink()
    with pytest.raises(UserError, match="no model in this run is finished"):
        build_report(run_copy)


def test_no_such_run(tmp_path: Path) -> None:
    (tmp_path / "photographs").mkdir()
    for name in ("nowhere", "photographs"):
        with pytest.raises(UserError, match=rf"{name}: not a run folder; give one"):
            build_report(RunFolder(tmp_path / name))
    assert list(tmp_path.rglob("*")) == [tmp_path / "photographs"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder(run_copy: RunFolder) -> None:
    run_copy.path.chmod(0o500)
    with pytest.raises(UserError, match="cannot write"):
        build_report(run_copy)
    run_copy.path.chmod(0o700)


# What it writes over


def test_a_report_that_somebody_has_edited_is_left_as_it_is(run_copy: RunFolder) -> None:
    build_report(run_copy)
    build_report(run_copy)
    as_written = run_copy.report.read_text()
    for edited in (as_written.replace("</h1>", ", with my notes</h1>"), as_written + "<p>notes</p>", "notes"):
        run_copy.report.write_text(edited)
        with pytest.raises(
            UserError, match=r"report\.html: exists and is not a report as this program wrote"
        ):
            build_report(run_copy)
        assert run_copy.report.read_text() == edited
    run_copy.report.unlink()
    build_report(run_copy)
    assert run_copy.report.read_text() == as_written


@pytest.mark.parametrize("objectives", [("mine",), ("labels", "mine")])
def test_an_objective_that_a_user_added_has_its_place(objectives: tuple[str, ...], tmp_path: Path) -> None:
    mine = Network("dsnet-mine", "mine", 1.7)
    networks = [each for each in NETWORKS if each.role == "teacher" or each.objective in objectives]
    recipe = RECIPE.model_copy(update={"student": StudentRecipe(objectives=objectives)})
    run = write_run(RunFolder(tmp_path / "run"), Scenario(), [*networks, mine], recipe)
    page = build_report(run).read_text(encoding="utf-8")
    assert "This run, accuracy: mine" in (run.tables / "table-2.csv").read_text(encoding="utf-8")
    assert ("No distilled student was compared" in page) == ("labels" not in objectives)
