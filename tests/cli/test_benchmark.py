import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dermdistill.benchmark.measurements import Benchmark, Measured, Timing
from dermdistill.benchmark.whole_command import disk_time
from dermdistill.cli.benchmark import benchmark_text
from dermdistill.json_files import read_json

from ..conftest import Outcome
from .test_errors import one_line

Command = Callable[..., Outcome]

EMPTY = Benchmark(
    environment={"processor": "none"},
    device="cpu",
    threads=1,
    rounds=1,
    seed=0,
    references=(),
    measured=(),
    controls=(),
)


def test_tables_and_file(
    command: Command, model_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the real references, once; an int8 file would be one more .onnx file."""
    monkeypatch.setenv("COLUMNS", "200")  # or the tables would be divided
    out = tmp_path / "results" / "benchmark.json"
    outcome = command("benchmark", model_file, "--rounds", 1, "--batch", 1, "--output", out)
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["processor", "dermdistill", "threads"]
    assert lines[2] == "threads 1, rounds 1, seed 0"
    assert "batch 1; time as a multiple, median of the rounds [5 %, 95 %]" in lines
    head = next(line for line in lines if "p50 ms" in line)
    assert "x efficientnet_b0@224" in head
    assert "x dsnet@224" in head
    assert [line.split()[0] for line in lines if " MB" not in line and "ONNX Runtime" in line] == [
        *("dsnet.onnx", "efficientnet_b0@224", "dsnet@224"),
        *("dsnet.onnx", "efficientnet_b0@224", "dsnet@224"),
        "dsnet.onnx",
    ]
    assert "control: a model against itself" in outcome.out
    written = read_json(out, Benchmark)
    assert {measured.model: measured.parameters for measured in written.measured} == {
        "dsnet.onnx": 96_227,
        "efficientnet_b0@224": 4_012_670,
        "dsnet@224": 268_898,
    }


def test_json_is_the_file(command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("dermdistill.cli.benchmark.measure_models", lambda *_: EMPTY)
    outcome = command("benchmark", "dsnet@24", "--json", "--output", tmp_path / "b.json")
    assert json.loads(outcome.out) == json.loads((tmp_path / "b.json").read_text())


@pytest.mark.parametrize(
    ("images", "turns", "caption", "ending"),
    [
        (3000, [(1.0, 31.0)], "measured once", "31.0"),
        (
            101,
            [(1.0, 3.0), (1.0, 2.9), (1.0, 3.1)],
            "median of 3 turns",
            "61.0 [58.0, 64.0], extrapolated from 101",
        ),
        (20, [(0.4, 0.4)] * 3, "median of 3 turns", "- (the time of more images is within the noise)"),
        (20, [(0.4, 2.4)], "measured once", "- (measured in fewer than 3 turns)"),
    ],
)
def test_a_time_for_3000_images_is_measured_or_says_what_it_is(
    images: int, turns: list[tuple[float, float]], caption: str, ending: str
) -> None:
    timing = Timing(
        batch=1, calls=3, p50_ms=1, p95_ms=None, images_per_second=1, peak_mb=1, round_ms=(1,), ratios=()
    )
    measured = Measured(
        model="dsnet@24",
        runtime="PyTorch",
        architecture="dsnet",
        input_size=24,
        parameters=1,
        macs=1,
        file_bytes=1,
        timings=(timing,),
    )
    disk = disk_time("dsnet@24", "PyTorch", images, turns)

    shown = benchmark_text(EMPTY.model_copy(update={"measured": (measured,), "from_disk": (disk,)}))

    assert f"whole commands, from start to finished table; {caption}\n" in shown
    assert shown.splitlines()[-1].endswith(f"  {ending}")
    assert next(line for line in shown.splitlines() if " 1.00 " in line).split()[:4] == [
        *("dsnet@24", "PyTorch", "1.00", "-")
    ]


def not_a_model(folder: Path) -> str:
    (folder / "notes.txt").write_text("hello")
    return str(folder / "notes.txt")


def damaged(folder: Path) -> str:
    (folder / "bad.onnx").write_bytes(b"junk")
    return str(folder / "bad.onnx")


@pytest.mark.parametrize(
    ("model", "fragments"),
    [
        (lambda _: "gone.onnx", ["gone.onnx: no such file", "a run folder", "dsnet@224"]),
        (lambda _: "gone/weights.safetensors", ["gone/weights.safetensors: no such file"]),
        (lambda _: "gone", ["gone: no such file"]),
        (str, ["a folder without finished models"]),
        (not_a_model, ["notes.txt: not a model of this program"]),
        (damaged, ["bad.onnx: cannot read it as an ONNX model"]),
        (lambda _: "resnet5@224", ["resnet5@224: no such architecture; did you mean resnet50"]),
        (lambda _: "dnset@64", ["dnset@64: no such architecture; did you mean dsnet"]),
        (lambda _: "dermlte@64", ["dermlte@64: no such architecture; did you mean dermlet"]),
        (lambda _: "resnet50", ["resnet50: no such file; did you mean resnet50@224?"]),
        (lambda _: "dermlet", ["dermlet: no such file; did you mean dermlet@224?"]),
        (lambda _: "dsnet@17", ["dsnet@17: cannot take images of 17 pixels", "at least 18 px"]),
        (lambda _: "vit_tiny_patch16_224@40", ["vit_tiny_patch16_224@40: cannot take images of 40 pixels"]),
        (lambda _: "dsnet@0", ["dsnet@0: no such file"]),
    ],
)
def test_wrong_models(
    command: Command, tmp_path: Path, model: Callable[[Path], str], fragments: list[str]
) -> None:
    line = one_line(command("benchmark", model(tmp_path), "--rounds", 1))
    assert all(fragment in line for fragment in fragments), line


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        (["--batch", "0"], "--batch 0: expected 1 or more"),
        (["--rounds", "0"], "--rounds 0: expected 1 or more"),
        (["--threads", "0"], "--threads 0: expected 1 or more"),
        (["--count", "1"], "--count 1: expected 2 or more"),
        (["--images", "nowhere"], "--images nowhere: no such folder"),
    ],
)
def test_wrong_options(command: Command, options: list[str], fragment: str) -> None:
    assert fragment in one_line(command("benchmark", "dsnet@24", *options))


@pytest.mark.parametrize("content", ["isic_id,diagnosis\n", '{"some": "json"}'])
def test_no_file_of_another_kind_is_replaced(command: Command, tmp_path: Path, content: str) -> None:
    (tmp_path / "metadata.csv").write_text(content)
    line = one_line(command("benchmark", "dsnet@24", "--output", tmp_path / "metadata.csv"))
    assert "exists and is not a file of `dermdistill benchmark --output`; choose another --output, or" in line
    assert (tmp_path / "metadata.csv").read_text() == content


def test_the_measured_model_is_not_overwritten(command: Command, model_file: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(model_file)
    for out in (model_file, tmp_path / "alias"):
        line = one_line(command("benchmark", model_file, "--overwrite", "--output", out))
        assert f"is the same file as {model_file}, which the command reads" in line


def test_out_and_images_are_checked_before_any_work(command: Command, tmp_path: Path) -> None:
    assert "is a folder; expected a file for --output" in one_line(
        command("benchmark", "dsnet@24", "--output", tmp_path)
    )
    assert "holds no images" in one_line(command("benchmark", "dsnet@24", "--images", tmp_path))
