import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dermdistill.benchmark.measurements import Benchmark
from dermdistill.benchmark.whole_command import disk_time
from dermdistill.config import CompareRecipe, to_toml
from dermdistill.errors import UserError
from dermdistill.json_files import read_json, write_json
from dermdistill.judgement.judge import judgement_of
from dermdistill.judgement.judgement import Group
from dermdistill.report import build_report
from dermdistill.runs import RunFolder
from tests.run_folders import COMPARED, SIZES, TEACHER, measured_in, other, student
from tests.run_folders import COMPARED_NETWORKS as NETWORKS

MakeComparison = Callable[..., RunFolder]
ReadPage = Callable[[Path], Any]
DASH = "\N{EN DASH}"
OBJECTIVES = ("labels only", "distilled", "as published")


@pytest.fixture(scope="module")
def groups(reported_comparison: RunFolder) -> Mapping[str, Group]:
    return judgement_of(reported_comparison).groups


@pytest.fixture
def page(reported_comparison: RunFolder, read_page: ReadPage) -> Any:
    return read_page(reported_comparison.report)


@pytest.fixture
def comparison_copy(reported_comparison: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy for a test to change."""
    return RunFolder(Path(shutil.copytree(reported_comparison.path, tmp_path / "elsewhere")))


def written(group: Group) -> str:
    auc = group.mean.auc
    return f"{auc.value:.3f} [{auc.low:.3f}, {auc.high:.3f}]"


# What it says


def test_the_head_says_what_was_compared(page: Any) -> None:
    assert "DSNet and 2 other networks (EfficientNet-B0 and VGG-16) were trained as students" in page.text
    assert (
        "one teacher (ResNet-50), each in up to 3 ways (labels only, distilled and as published)" in page.text
    )
    assert "DSNet was also trained with 3 temperatures and with 2 batch sizes." in page.text
    assert page.text.count("better than EfficientNet-B0 in precision") == 1
    assert page.text.index("DSNet distilled: 0.9") < page.text.index("What can be claimed Is DSNet")


def test_groups_are_rows_network_by_network(page: Any, groups: Mapping[str, Group]) -> None:
    rows = [row[0] for row in page.tables["table-main"][1:]]
    assert rows == [
        "Teacher (ResNet-50)",
        *(f"{network} {objective}" for network in ("DSNet", "EfficientNet-B0") for objective in OBJECTIVES),
        *(f"VGG-16 {objective}" for objective in OBJECTIVES[:2]),
    ]
    assert page.row("table-main", "Teacher (ResNet-50)")[0] == written(groups["teacher"])
    for name, objective in zip(("labels", "hinton", "as-published"), OBJECTIVES, strict=True):
        group = groups[f"dsnet-{name}"]
        seeds = [auc for auc in group.mean.auc.per_seed if auc is not None]
        cell = page.row("table-main", f"DSNet {objective}")[0]
        assert cell == f"{written(group)} seeds {min(seeds):.3f}{DASH}{max(seeds):.3f}"
    sensitivity = groups["efficientnet_b0-hinton"].mean.sensitivity_at_specificity["0.90"].value
    assert page.row("table-main", "EfficientNet-B0 distilled")[1].startswith(f"{sensitivity:.3f} [")


def test_table_2_stands_beside_ours(page: Any, groups: Mapping[str, Group]) -> None:
    row = page.row("table-table-2", "DSNet")
    assert row[:4] == ["0.26 M", "340 s", "2.57 s", "0.917"]
    assert row[4] == "268,898 1.10 G MACs weights: none"
    assert row[5].startswith("5.0 s in ONNX Runtime 8.")
    hinton = groups["dsnet-hinton"].mean
    accuracy = hinton.operating_points["argmax"].accuracy.value
    assert row[7] == (
        f"{accuracy:.3f} AUC {hinton.auc.value:.3f} [{hinton.auc.low:.3f}, {hinton.auc.high:.3f}] "
        "training 5 min 38 s, mean of 3 3 seeds"
    )
    teacher = page.row("table-table-2", "Teacher (ResNet-50)")
    assert teacher[:4] == [""] * 4
    assert teacher[4] == "23,516,228 4.09 G MACs weights: imagenet"
    assert teacher[5].startswith(DASH)


@pytest.mark.parametrize(
    ("turns", "of_paper", "of_disk"),
    [
        (
            [(1.0, 3.0), (1.0, 2.9), (1.0, 3.1)],
            "61.0 s in ONNX Runtime, extrapolated from 101 61.0 s in PyTorch, extrapolated from 101",
            "61.0 s [58.0, 64.0] extrapolated from 101",
        ),
        (
            [(0.4, 0.5), (0.4, 0.4), (0.5, 0.4)],
            f"{DASH} b in ONNX Runtime: 0.4 s for 101 {DASH} in PyTorch: 0.4 s for 101",
            f"{DASH} a",
        ),
        (
            [(1.0, 3.0)],
            f"{DASH} b in ONNX Runtime: 3.0 s for 101 {DASH} in PyTorch: 3.0 s for 101",
            f"{DASH} a",
        ),
    ],
)
def test_a_time_that_was_not_measured_says_so(
    comparison_copy: RunFolder,
    read_page: ReadPage,
    turns: list[tuple[float, float]],
    of_paper: str,
    of_disk: str,
) -> None:
    benchmark = read_json(comparison_copy.benchmark, Benchmark)
    disks = [disk_time(disk.model, disk.runtime, 101, turns) for disk in benchmark.from_disk]
    write_json(comparison_copy.benchmark, benchmark.model_copy(update={"from_disk": tuple(disks)}))

    page = read_page(build_report(comparison_copy))

    assert page.row("table-table-2", "DSNet")[5] == of_paper
    assert page.row("table-disk", "DSNet 64 px")[6] == of_disk


def test_networks_of_the_paper_alone_are_kept(page: Any) -> None:
    assert page.row("table-table-2", "MobileNet") == ["3.2 M", "660 s", "5.14 s", "0.985", *[""] * 5]
    names = [row[0] for row in page.tables["table-table-2"][2:]]
    assert len(names) == len(set(names)) == 4 + 4


def test_scores_of_both_classes_at_both_thresholds(page: Any, groups: Mapping[str, Group]) -> None:
    for point in ("argmax", "youden"):
        scores = groups["dsnet-labels"].mean.operating_points[point]
        row = page.row(f"table-classes-{point}", "DSNet labels only")
        expected = [
            getattr(of_class, name).value
            for of_class in (scores.melanoma, scores.other)
            for name in ("precision", "recall", "f1")
        ]
        assert [cell[:5] for cell in row[1:]] == [f"{value:.3f}" for value in expected]
        assert len(page.tables[f"table-classes-{point}"]) == 2 + 1 + 8 + (point == "argmax")


def test_the_recipes_own_value_is_a_point_of_both_sweeps(page: Any, groups: Mapping[str, Group]) -> None:
    temperatures = page.tables["table-temperature"]
    assert [row[0].split()[0] for row in temperatures[1:]] == ["3", "5", "7", "10", "20", "70", "90", "100"]
    for table, heading in (
        ("table-temperature", "10 the recipe's own"),
        ("table-batch-size", "64 the recipe's own"),
    ):
        assert page.row(table, heading)[0] == "0.917"
        assert page.row(table, heading)[1].startswith(written(groups["dsnet-hinton"]))
        assert page.row(table, heading)[2] == ""
    assert page.row("table-temperature", "3")[1].startswith(written(groups["dsnet-hinton-T3"]))
    assert page.row("table-batch-size", "18")[1].startswith(written(groups["dsnet-hinton-batch18"]))
    assert page.row("table-temperature", "5") == ["0.851", "", ""]


def test_a_sweep_is_paired_with_the_recipes_own_value(page: Any, groups: Mapping[str, Group]) -> None:
    cell = page.row("table-temperature", "100")[2]
    own, other = (groups[name].mean.auc for name in ("dsnet-hinton", "dsnet-hinton-T100"))
    assert own.value is not None
    assert other.value is not None
    assert cell.startswith(f"\N{MINUS SIGN}{own.value - other.value:.3f} [")
    pairs = [(a or 0) - (b or 0) for a, b in zip(other.per_seed, own.per_seed, strict=True)]
    assert cell.endswith(
        "pairs " + ", ".join(f"{pair:+.3f}".replace("-", "\N{MINUS SIGN}") for pair in pairs)
    )


def test_paired_tests_keep_the_sweeps_apart(page: Any) -> None:
    against_labels = [row[0] for row in page.tables["table-against-labels"][1:]]
    assert against_labels == [
        "DSNet distilled minus DSNet labels only",
        "DSNet as published minus DSNet labels only",
        "EfficientNet-B0 distilled minus EfficientNet-B0 labels only",
        "EfficientNet-B0 as published minus EfficientNet-B0 labels only",
        "VGG-16 distilled minus VGG-16 labels only",
    ]
    assert len(page.tables["table-against-teacher"]) == 1 + 8
    sweeps = [row[0] for row in page.tables["table-of-sweeps"][1:]]
    assert "DSNet distilled, T = 3 minus DSNet labels only" in sweeps
    assert "DSNet distilled, batch 18 minus Teacher (ResNet-50)" in sweeps
    assert len(sweeps) == 6


def test_costs_are_those_of_the_benchmark(page: Any) -> None:
    rows = [row for row in page.tables["table-cost"] if row[0] == "DSNet 64 px"]
    onnx, torch = rows
    assert onnx[1:4] == ["268,898", "1.10 G", "1,077 kB"]
    assert float(onnx[4].split()[0]) == pytest.approx(1, abs=0.02)
    assert float(torch[4].split()[0]) == pytest.approx(2, abs=0.04)
    assert onnx[6] == "123 MB"
    assert float(onnx[9].split()[0]) == pytest.approx(0.5, abs=0.01)
    assert onnx[10] == "1"
    (vgg, _) = [row for row in page.tables["table-cost"] if row[0] == "VGG-16 64 px"]
    assert float(vgg[9].split()[0]) == pytest.approx(4.5, abs=0.1)
    assert [row[0] for row in page.tables["table-cost"]].count("DSNet 224 px, reference") == 2
    assert "first measured against itself, which should be 1: 1.000 [0.995, 1.005]" in page.text
    assert "a note of the benchmark" in page.text
    assert len(page.tables["table-disk"]) == 1 + 2 * 5


def test_points_stand_against_three_costs(page: Any) -> None:
    alts = [a["alt"] for tag, a in page.elements if tag == "img"]
    assert [alt.split(".")[0] for alt in alts] == [
        "Test AUC against parameters",
        "Test AUC against computation",
        "Test AUC against measured time",
        "Mean test AUC by temperature",
        "Mean test AUC by batch size",
    ]
    assert alts[0].count("AUC 0.") == 9
    assert "EfficientNet-B0, distilled: 4.01, AUC" in alts[0]
    assert "DSNet, distilled: 1.10e" not in alts[1]
    assert "ResNet-50, teacher" not in alts[2]  # not in the benchmark


def test_failed_models_are_named_with_the_reason(comparison_copy: RunFolder, read_page: ReadPage) -> None:
    comparison_copy.failed.write_text(json.dumps({"vgg16-as-published-seed0": "<iframe src='x'> ran out"}))
    comparison_copy.model("vgg16-labels-seed0").summary.unlink()
    page = read_page(build_report(comparison_copy))
    assert "1 model could not be trained (see Models)." in page.text
    assert "vgg16-as-published-seed0 : <iframe src='x'> ran out" in page.text
    assert "vgg16-labels-seed0 is not finished and is left out." in page.text
    assert "iframe" not in {tag for tag, _ in page.elements}
    rows = [row[0] for row in page.tables["table-main"]]
    assert "VGG-16 labels only" not in rows
    assert "VGG-16 distilled" in rows


def test_a_failed_model_with_a_folder_is_not_called_unfinished(
    comparison_copy: RunFolder, read_page: ReadPage
) -> None:
    comparison_copy.model("vgg16-labels-seed0").summary.unlink()
    comparison_copy.failed.write_text(json.dumps({"vgg16-labels-seed0": "too large"}))
    text = read_page(build_report(comparison_copy)).text
    assert "vgg16-labels-seed0 : too large" in text
    assert "not finished and is left out" not in text


def test_without_a_benchmark_time_is_left_out(comparison_copy: RunFolder, read_page: ReadPage) -> None:
    comparison_copy.benchmark.unlink()
    page = read_page(build_report(comparison_copy))
    assert "table-cost" not in page.tables
    assert "No speed was measured: the run folder has no benchmark.json." in page.text
    assert not any("measured time" in a["alt"] for tag, a in page.elements if tag == "img")
    assert page.row("table-table-2", "DSNet")[5].startswith(DASH)


def test_a_teacher_alone_is_a_page(make_comparison: MakeComparison, read_page: ReadPage) -> None:
    run = make_comparison(TEACHER)
    run.failed.write_text(json.dumps({"dsnet-labels-seed0": "no memory"}))
    page = read_page(build_report(run))
    assert "DSNet and 0 other networks (none is finished)" in page.text
    assert [row[0] for row in page.tables["table-main"][1:]] == ["Teacher (ResNet-50)"]
    assert page.text.count("Cannot be answered") == 6


def test_students_without_a_teacher_are_a_page(make_comparison: MakeComparison, read_page: ReadPage) -> None:
    page = read_page(build_report(make_comparison(*NETWORKS[1:])))
    assert "one teacher (not finished)" in page.text
    assert "Against the teacher: difference in AUC on the same test images: none." in page.text


def test_undefined_figures_are_dashes_with_the_reason(
    make_comparison: MakeComparison, read_page: ReadPage
) -> None:
    page = read_page(build_report(make_comparison(diagnoses=("nevus",) * 4)))
    assert page.row("table-main", "DSNet labels only")[0] == f"{DASH} a"
    assert page.row("table-classes-youden", "DSNet labels only") == [f"{DASH} a"] * 7
    assert "No AUC is defined on these images." in page.text
    assert "nan" not in page.text.split()


def test_synthetic_images_are_named_so(
    make_comparison: MakeComparison, page: Any, read_page: ReadPage
) -> None:
    networks = (TEACHER, student("labels", 1.0), other("vgg16", "labels", 1.0, *SIZES["vgg16"]))
    synthetic = read_page(build_report(make_comparison(*networks, synthetic=True)))
    assert synthetic.text.startswith("SYNTHETIC: Melanoma detection by distillation: comparison")
    assert ("p", {"class": "banner", "role": "note"}) in synthetic.elements
    assert "SYNTHETIC" not in page.text


def test_a_composed_teacher_is_one_teacher(make_comparison: MakeComparison, read_page: ReadPage) -> None:
    composed = replace(TEACHER, architecture="resnet50*2", skill=2.4)
    member = replace(TEACHER, group="teacher-member")
    page = read_page(build_report(make_comparison(composed, member, *NETWORKS[1:])))
    assert "students of one teacher (2 x ResNet-50)" in page.text
    headings = [row[0] for row in page.tables["table-table-2"][2:]]
    assert headings[:4] == ["Teacher (2 x ResNet-50)", "DSNet", "EfficientNet-B0", "VGG-16"]
    assert len(page.tables["table-classes-argmax"]) == 2 + 1 + 8 + 1
    assert "teacher-member" in [row[0] for row in page.tables["table-models"]]


# A page of its own


def test_nothing_is_loaded_from_elsewhere(page: Any) -> None:
    loaded = [a["src"] for _, a in page.elements if "src" in a]
    assert len(loaded) == 5
    assert all(source.startswith("data:image/svg+xml;base64,") for source in loaded)
    assert not {"script", "link", "iframe"} & {tag for tag, _ in page.elements}


def test_every_link_within_the_page_has_its_target(page: Any) -> None:
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {a["href"][1:] for tag, a in page.elements if tag == "a" and a["href"][0] == "#"}
    assert len(links) == 10
    assert links <= set(ids)


def test_the_same_folder_gives_the_same_bytes_anywhere(
    reported_comparison: RunFolder, comparison_copy: RunFolder
) -> None:
    before = comparison_copy.report.read_bytes()
    comparison_copy.report.unlink()
    assert build_report(comparison_copy).read_bytes() == before
    assert str(reported_comparison.path).encode() not in before


def test_it_needs_no_torch_and_asks_for_no_images(comparison_copy: RunFolder) -> None:
    code = (
        "import sys, pathlib; from dermdistill.report import build_report; "
        "from dermdistill.runs import RunFolder; "
        "build_report(RunFolder(pathlib.Path(sys.argv[1])), images=lambda ids: 1 / 0); "
        "sys.exit(len({'torch', 'matplotlib.pyplot'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code, comparison_copy.path], check=True)


def test_a_run_without_a_comparison_keeps_its_page(comparison_copy: RunFolder, read_page: ReadPage) -> None:
    comparison_copy.recipe.write_text(to_toml(COMPARED.model_copy(update={"compare": None})))
    page = read_page(build_report(comparison_copy))
    assert "DSNet distilled, T = 3" in [row[0] for row in page.tables["table-main"]]
    assert "table-comparisons" in page.tables


def test_a_run_of_a_recipe_that_could_compare_keeps_its_page(
    make_comparison: MakeComparison, read_page: ReadPage
) -> None:
    run = make_comparison(TEACHER, *NETWORKS[1:4])
    page = read_page(build_report(run))
    assert [row[0] for row in page.tables["table-main"][1:]] == [
        *("Teacher (ResNet-50)", "DSNet labels only", "DSNet distilled", "DSNet as published")
    ]
    assert "table-against-labels" not in page.tables


def test_an_empty_comparison_is_one_of_the_student_alone(
    make_comparison: MakeComparison, read_page: ReadPage
) -> None:
    recipe = COMPARED.model_copy(update={"compare": CompareRecipe()})
    run = make_comparison(TEACHER, *NETWORKS[1:4], recipe=recipe)
    run.benchmark.write_text(measured_in({("dsnet", 64): 1.0}).model_dump_json())
    page = read_page(build_report(run))
    assert [row[0] for row in page.tables["table-table-2"][2:4]] == ["Teacher (ResNet-50)", "DSNet"]
    assert "table-temperature" not in page.tables


@pytest.mark.parametrize("name", ["benchmark.json", "failed.json"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe{not this", b'{"a": 1}'])
def test_a_damaged_file_costs_one_line_that_names_it(
    comparison_copy: RunFolder, name: str, content: bytes
) -> None:
    path = comparison_copy.path / name
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        build_report(comparison_copy)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_teachers_figures_are_those_of_the_judgement(reported_comparison: RunFolder, page: Any) -> None:
    teacher = judgement_of(reported_comparison).models["teacher"]
    accuracy = teacher.operating_points["argmax"].accuracy.value
    assert page.row("table-table-2", "Teacher (ResNet-50)")[6].startswith(f"{accuracy:.3f} AUC ")
