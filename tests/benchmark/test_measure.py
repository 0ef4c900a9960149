"""Small real models, measured end to end; nothing is asserted of a time but that it was taken."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch

from dermdistill.benchmark.measure import Options, measure_models, notes
from dermdistill.benchmark.measurements import Benchmark, Control, Measured, Ratio, Runtime
from dermdistill.benchmark.subjects import check_architecture, find_models, prepare_subject
from dermdistill.benchmark.worker_process import WorkerProcess
from dermdistill.data.images import InputSpec
from dermdistill.errors import UserError
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.onnx import OnnxModel
from dermdistill.json_files import read_json, write_json
from dermdistill.models.checkpoint import save_weights
from dermdistill.models.dsnet import DSNet
from dermdistill.models.registry import STUDENTS
from dermdistill.models.torch_predictor import open_predictor
from dermdistill.runs import ModelSummary, RunFolder

CONVOLUTIONS = 3_584 + 73_792 + 18_464
FEATURES_24 = 32 * 2 * 2
ENVIRONMENT = {"processor": "test"}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "small.safetensors"
    save_weights(path, DSNet(20, 2), ModelInfo("dsnet", ("other", "melanoma"), InputSpec(20)))
    return path


def by_key(result: Benchmark) -> Mapping[tuple[str, str], Measured]:
    return {(measured.model, measured.runtime): measured for measured in result.measured}


def test_everything_is_measured(model_file: Path, photographs: Path, tmp_path: Path) -> None:
    words = ["dsnet@24", str(model_file)]
    options = Options(batches=(2, 1), rounds=1, references=("dsnet@24",), images=photographs, count=7)
    result = measure_models(words, options, ENVIRONMENT)

    assert list(by_key(result)) == [
        ("dsnet@24", "PyTorch"),
        ("dsnet@24", "ONNX Runtime"),
        ("dsnet.onnx", "ONNX Runtime"),
    ]
    for measured in result.measured:
        assert [timing.batch for timing in measured.timings] == [1, 2]
        for timing in measured.timings:
            assert timing.calls >= (3 if timing.batch == 1 else 1)
            assert timing.p50_ms > 0
            assert (timing.p95_ms is None) == (timing.calls < 20)
            assert timing.p95_ms is None or timing.p50_ms <= timing.p95_ms
            assert timing.images_per_second > 0
            assert len(timing.round_ms) == 1
            assert [ratio.to for ratio in timing.ratios] == ["dsnet@24"]
            assert all(ratio.value > 0 for ratio in timing.ratios)
        single, double = measured.timings
        assert 10 < single.peak_mb <= double.peak_mb
    reference = by_key(result)["dsnet@24", "ONNX Runtime"]
    assert [ratio.value for ratio in reference.timings[0].ratios] == [1]
    assert reference.parameters == CONVOLUTIONS + 2 * (FEATURES_24 + 1)
    exported = by_key(result)["dsnet.onnx", "ONNX Runtime"]
    assert (exported.parameters, exported.input_size) == (CONVOLUTIONS + 3 * (FEATURES_24 + 1), 24)
    assert exported.file_bytes == model_file.stat().st_size

    assert [(c.ratio.to, c.runtime, c.batch) for c in result.controls] == [
        ("dsnet@24", runtime, batch) for runtime in ("PyTorch", "ONNX Runtime") for batch in (1, 2)
    ]
    assert {(d.model, d.runtime) for d in result.from_disk} == set(by_key(result))
    for disk in result.from_disk:
        assert disk.images == 7
        assert disk.images_per_second == pytest.approx(7 / disk.seconds)
        assert disk.start_seconds > 0
        assert list(disk.rises) == [pytest.approx(disk.seconds - disk.start_seconds)]
    assert result.environment["processor"] == "test"
    assert {"onnxruntime", "cores", "load", "threads"} <= result.environment.keys()

    write_json(tmp_path / "b.json", result)
    assert read_json(tmp_path / "b.json", Benchmark) == result


def test_an_onnx_process_imports_no_torch(model_file: Path) -> None:
    """Its peak memory is that of a program that only scores."""
    script = (
        "import sys, io; sys.stdin = io.StringIO('[1, 1]\\n');"
        f"sys.argv = ['worker', 'ONNX Runtime', {str(model_file)!r}, '1', 'cpu'];"
        "from dermdistill.benchmark.worker import main; main();"
        "print(sorted({'torch', 'timm', 'onnx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded, answer, heavy = done.stdout.splitlines()
    assert loaded == "{}"
    assert answer.startswith('{"seconds": [')
    assert heavy == "[]"


@pytest.mark.parametrize("word", ["test_resnet@32", *(f"{name}@32" for name in STUDENTS)])
def test_both_files_of_an_architecture_say_the_same(tmp_path: Path, word: str) -> None:
    (named,) = find_models([word], ())
    check_architecture(named)
    check_alike(prepare_subject(named, tmp_path, with_onnx=True).files, 32)


def test_a_weights_file_is_measured_itself_and_as_onnx(tmp_path: Path, weights: Path) -> None:
    (named,) = find_models([str(weights)], ())
    assert named.name == "small.safetensors"
    files = prepare_subject(named, tmp_path, with_onnx=True).files
    assert files["PyTorch"] == weights
    check_alike(files, 20)


def check_alike(files: Mapping[Runtime, Path], size: int) -> None:
    pixels = torch.randint(0, 256, (3, size, size, 3), dtype=torch.uint8).numpy()
    expected = open_predictor(files["PyTorch"], torch.device("cpu")).predict(pixels)
    assert OnnxModel.read(files["ONNX Runtime"]).predict(pixels) == pytest.approx(expected, abs=1e-5)


def test_one_model_of_each_kind_of_a_run_is_found(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    kinds = {
        "teacher": ("resnet50", 64),
        "dsnet-a": ("dsnet", 64),
        "dsnet-b": ("dsnet", 64),
        "big": ("dsnet", 96),
    }
    for name, (architecture, size) in kinds.items():
        folder = run.model(name)
        summary = ModelSummary(
            name=name,
            group=name,
            role="student",
            architecture=architecture,
            objective="labels",
            seed=0,
            identity="",
            input_size=size,
            parameters=1,
            macs=1,
            weights_bytes=1,
            epochs=1,
            kept_epochs=(1,),
            training_seconds=1.0,
        )
        write_json(folder.summary, summary)
    found = find_models([str(run.path)], ())
    assert [(each.name, each.source) for each in found] == [
        (name, run.model(name).weights) for name in ("teacher", "big", "dsnet-a")
    ]


def test_references_are_added_once_and_names_are_unique() -> None:
    names = [named.name for named in find_models(["dsnet@224", "dsnet@224", "dsnet@64"])]
    assert names == ["dsnet@224", "dsnet@224 (2)", "dsnet@64", "efficientnet_b0@224"]


def test_what_cannot_be_exported_is_measured_in_pytorch_alone_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> None:
        raise ValueError("3 batch norms are not beside a layer")

    monkeypatch.setattr("dermdistill.benchmark.subjects.to_onnx", refuses)
    (named,) = find_models(["dsnet@24"], ())
    subject = prepare_subject(named, tmp_path, with_onnx=True)
    assert list(subject.files) == ["PyTorch"]
    assert subject.notes == (
        "dsnet@24: not measured in ONNX Runtime, since it cannot be exported "
        "(3 batch norms are not beside a layer)",
    )


def test_a_process_that_ends_is_one_line(weights: Path) -> None:
    weights.write_bytes(b"junk")
    worker = WorkerProcess("small", "PyTorch", weights, threads=1, device="cpu")
    try:
        with pytest.raises(
            UserError, match=r"^small in PyTorch: its process ended \(.*cannot read it"
        ) as caught:
            worker.wait_until_loaded()
        assert "\n" not in str(caught.value)
        with pytest.raises(UserError, match="its process ended"):
            worker.time(1, 1)
    finally:
        worker.close()


def test_what_a_reader_must_know_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dermdistill.benchmark.measure.process_cores", lambda: 1)
    good, bad = (Ratio(to="dsnet@24", value=v, low=v - 0.01, high=v + 0.01) for v in (1.0, 1.2))
    controls = [Control(runtime="PyTorch", batch=8, ratio=ratio) for ratio in (good, bad)]
    threads, few, noise = notes(Options(threads=2, rounds=4), controls)
    assert threads == "2 threads on 1 cores: they wait for each other"
    assert few == "fewer than 5 rounds: no spread is given"
    assert noise.startswith("dsnet@24 against itself in PyTorch at batch 8 is 1.200, not 1: this run cannot")


@pytest.mark.parametrize("change", [lambda: Options(batches=(0,)), lambda: Options(count=1)])
def test_numbers_out_of_range_are_refused(change: Callable[[], Options]) -> None:
    with pytest.raises(UserError, match=r"--(batch 0: expected 1|count 1: expected 2) or more"):
        change()
