"""A comparison as its user runs it, on small synthetic images; speed is measured in tests/benchmark."""

import json
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
import torch

from dermdistill.benchmark.measure import Options
from dermdistill.benchmark.measurements import Benchmark, DiskTime, Measured
from dermdistill.benchmark.subjects import find_models
from dermdistill.json_files import read_json, write_json
from dermdistill.judgement.judge import judgement_of
from dermdistill.models.registry import build
from dermdistill.runs import ModelSummary, RunFolder

from ..conftest import Outcome
from .held import Hold, end_in, end_of, let_go, start, wait_until_held

RECIPE = """
[data]
size = 32
[synthetic]
lesions = 60
[teacher]
model = "test_resnet"
weights = "none"
epochs = 2
batch_size = 16
[student]
objectives = ["labels", "hinton"]
seeds = [0, 1]
temperature = 4
epochs = 2
batch_size = 16
[compare]
networks = [
  { model = "test_efficientnet", weights = "none", seeds = [0], epochs = 1 },
  { model = "vit_tiny_patch16_224", weights = "none", seeds = [0] },
]
temperatures = [4, 20]
batch_sizes = [8]
benchmark_rounds = 1
benchmark_images = 7
[evaluation]
replicates = 100
"""
STUDENTS = [
    *(f"dsnet-{what}-seed{seed}" for what in ("labels", "hinton") for seed in (0, 1)),
    *("test_efficientnet-labels-seed0", "test_efficientnet-hinton-seed0"),
    *(f"dsnet-hinton-{what}-seed{seed}" for what in ("T20", "batch8") for seed in (0, 1)),
]
FAILED = {f"vit_tiny_patch16_224-{what}-seed0" for what in ("labels", "hinton")}
Command = Callable[..., Outcome]
Measurements = list[tuple[list[str], Options, list[str]]]


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def measurements(monkeypatch: pytest.MonkeyPatch) -> Measurements:
    """Stands in for the benchmark: what was asked of it."""
    asked: Measurements = []

    def measure_models(words: Sequence[str], options: Options, environment: Mapping[str, str]) -> Benchmark:
        assert options.images is not None
        asked.append((list(words), options, sorted(path.name for path in options.images.iterdir())))
        measured = [
            Measured(
                model=named.name,
                runtime="PyTorch",
                architecture="",
                input_size=32,
                parameters=1,
                macs=1,
                file_bytes=1,
                timings=(),
            )
            for named in find_models(words)
        ]
        disk = DiskTime(
            model=measured[0].model,
            runtime="PyTorch",
            images=options.count,
            seconds=1,
            start_seconds=1,
            images_per_second=1,
        )
        return Benchmark(
            environment={},
            device="cpu",
            threads=1,
            rounds=options.rounds,
            seed=0,
            references=(),
            measured=tuple(measured),
            controls=(),
            from_disk=(disk,),
        )

    monkeypatch.setattr("dermdistill.pipeline.run_benchmark.measure_models", measure_models)
    return asked


def trained(run: RunFolder) -> dict[str, int]:
    """When each model's weights were written."""
    return {path.parent.name: path.stat().st_mtime_ns for path in run.path.rglob("weights.safetensors")}


FEW = ("--set", "compare.networks=[]", "--set", "student.seeds=[0]")
FEW_STUDENTS = ["dsnet-labels-seed0", *(f"dsnet-hinton-{what}seed0" for what in ("", "T20-", "batch8-"))]


def few_of(recipe: Path, run: RunFolder) -> list[object]:
    """A comparison of the teacher and ``FEW_STUDENTS``."""
    return ["compare", "--data", "synthetic", "--recipe", recipe, "--output", run.path, *FEW]


def reason_of(architecture: str) -> str:
    """Why a network cannot take images of 32 pixels, in the words of the library that it comes from."""
    with pytest.raises(Exception, match="32") as caught:
        build(architecture, 2, 32)(torch.zeros(1, 3, 32, 32))
    return f"{caught.type.__name__}: {str(caught.value).splitlines()[0][:200]}"


def test_one_command_trains_all_measures_and_reports(
    command: Command, recipe: Path, measurements: Measurements, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    arguments = ["compare", "--data", "synthetic", "--recipe", recipe, "--output", run.path]
    outcome = command(*arguments)

    # A network that cannot take the images is listed with its reason, and the others go on.
    assert outcome.code == 1
    reason = reason_of("vit_tiny_patch16_224")
    assert f"failed: vit_tiny_patch16_224-labels-seed0: {reason}" in outcome.err
    assert set(json.loads(run.failed.read_text())) == FAILED
    assert set(trained(run)) == {"teacher", *STUDENTS}
    assert outcome.out.startswith("SYNTHETIC")
    assert run.report.exists()

    # Each model is trained as its place in the recipe says.
    summaries = {name: read_json(run.model(name).summary, ModelSummary) for name in STUDENTS}
    assert {summary.temperature for name, summary in summaries.items() if "T20" in name} == {20}
    assert {summary.batch_size for name, summary in summaries.items() if "batch8" in name} == {8}
    assert summaries["test_efficientnet-hinton-seed0"].epochs == 1
    assert summaries["dsnet-labels-seed0"].temperature is None
    assert summaries["dsnet-hinton-seed0"].temperature == 4

    # Students are paired with the control of their own network, and with the teacher.
    pairs = {(c.a, c.b) for c in judgement_of(run).comparisons}
    groups = {name.rpartition("-")[0] for name in STUDENTS}
    distilled = groups - {"dsnet-labels", "test_efficientnet-labels"}
    assert pairs == {(group, "teacher") for group in groups} | {
        (group, f"{group.partition('-')[0]}-labels") for group in distilled
    }

    # Speed is measured on photographs of the test split, once.
    [(words, options, photographs)] = measurements
    assert (words, options.rounds, options.count) == ([str(run.path)], 1, 7)
    assert photographs[0] == "0000.jpg"

    # The same command again trains nothing, measures nothing, and still says what failed.
    before = trained(run)
    assert command(*arguments).code == 1
    assert trained(run) == before
    assert len(measurements) == 1

    # More rounds asked for are measured, and a training that stopped early is told.
    dsnet = run.model("dsnet-labels-seed0").summary
    write_json(dsnet, summaries["dsnet-labels-seed0"].model_copy(update={"failure": "the loss is nan"}))
    outcome = command(*arguments, "--set", "compare.benchmark_rounds=2")
    assert [options.rounds for _, options, _ in measurements] == [1, 2]
    assert "stopped early: dsnet-labels-seed0: the loss is nan" in outcome.err

    # A comparison is a run folder.
    assert command("report", run.path).code == 0
    judged = command("evaluate", run.path, "--data", "synthetic", "--split", "test", "--replicates", "100")
    assert judged.code == 0, judged.err
    assert "test_efficientnet-hinton minus test_efficientnet-labels" in judged.out


def test_killed_at_any_point_it_finishes_without_repeating_a_finished_model(
    recipe: Path, tmp_path: Path
) -> None:
    run, log = RunFolder(tmp_path / "run"), tmp_path / "run.log"
    arguments = few_of(recipe, run)
    finished: dict[str, int] = {}
    for model in ("dsnet-labels-seed0", "dsnet-hinton-T20-seed0"):
        hold = Hold("normalise", run.model(model).history)
        assert end_in(hold, arguments, log, signal.SIGKILL) == -signal.SIGKILL, log.read_text()
        finished |= {
            path.parent.name: trained(run)[path.parent.name] for path in run.path.rglob("model.json")
        }
    assert end_of(start(arguments, log)) == 0, log.read_text()
    assert set(finished) == {"teacher", "dsnet-labels-seed0", "dsnet-hinton-seed0"}
    assert {name: when for name, when in trained(run).items() if name in finished} == finished
    assert set(trained(run)) == {"teacher", *FEW_STUDENTS}
    assert "Traceback" not in log.read_text()


def test_a_second_process_on_the_folder_stops_and_the_first_goes_on(
    command: Command, recipe: Path, tmp_path: Path
) -> None:
    run, log = RunFolder(tmp_path / "run"), tmp_path / "run.log"
    first = start(few_of(recipe, run), log, Hold("normalise", run.model("teacher").history))
    try:
        wait_until_held(first, log)
        for same in (few_of(recipe, run), ["run", *few_of(recipe, run)[1:]]):
            second = command(*same)
            assert second.code == 2
            assert (
                second.err
                == f"error: {run.path}: another command is writing it; wait, or choose another --output\n"
            )
        let_go(log)
        assert end_of(first) == 0, log.read_text()
    finally:
        first.kill()
        first.join()
    assert set(trained(run)) == {"teacher", *FEW_STUDENTS}


def test_without_a_teacher_only_what_needs_none_is_trained(
    command: Command, recipe: Path, measurements: Measurements, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    outcome = command(
        *("compare", "--data", "synthetic", "--recipe", recipe, "--output", run.path),
        *("--set", "teacher.learning_rate=1e30", "--set", "compare.networks=[]"),
        *(
            "--set",
            "student.seeds=[0]",
            "--set",
            "compare.batch_sizes=[]",
            "--set",
            "teacher.warmup_epochs=0",
        ),
    )
    assert outcome.code == 1
    assert set(trained(run)) == {"dsnet-labels-seed0"}
    reasons = json.loads(run.failed.read_text())
    assert "the loss is" in reasons["teacher"]
    assert not reasons["teacher"].startswith("teacher")
    assert reasons["dsnet-hinton-seed0"] == "teacher could not be trained"
    assert run.report.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["--recipe", "cpu"], "has no section [compare]; name one that has, such as demo or paper"),
        (["--set", "compare.networks=[{model='resnet5'}]"], "model 'resnet5': timm has no such model"),
        (
            ["--set", "compare.networks=[{model='dsnet', weights='none'}]"],
            "compare.networks must not name dsnet",
        ),
        (["--set", "compare.networks=[{model='vgg16', seeds=[]}]"], "compare.networks.seeds must name at"),
        (
            ["--set", "student.model=dermlet", "--set", "compare.networks=[{model='dsnet'}]"],
            "model 'dsnet': no first weights 'imagenet'; its weights must be 'none'",
        ),
        (["--set", "compare.temperatures=[3, 3]"], "compare.temperatures must name each once"),
        (["--set", "student.objectives=['labels']"], "need 'hinton' in student.objectives"),
        (["--set", "compare.networks=[{modle='vgg16'}]"], "unknown key 'compare.networks.0.modle'"),
    ],
)
def test_wrong_use_costs_one_line_before_any_work(
    command: Command, recipe: Path, tmp_path: Path, changes: list[str], message: str
) -> None:
    outcome = command(
        "compare", "--data", "synthetic", "--recipe", recipe, "--output", tmp_path / "run", *changes
    )
    assert outcome.code == 2
    assert message in outcome.err.splitlines()[-1]
    assert not (tmp_path / "run").exists()
