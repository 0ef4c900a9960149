"""``python -m dermdistill``, and how many workers a command takes."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from dermdistill import cores
from dermdistill.cli.startup import use_cores
from dermdistill.inference.stream import score_files

from ..conftest import Outcome

Command = Callable[..., Outcome]


def python_m(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "dermdistill", *map(str, arguments)], capture_output=True, text=True
    )


def test_the_package_is_a_command() -> None:
    done = python_m("data", "--help")
    assert done.returncode == 0
    assert "Usage: python -m dermdistill data [OPTIONS]" in done.stdout
    assert python_m("no-such-command").returncode == 2
    assert python_m("data", "/no/such/folder").stderr == "error: /no/such/folder: no such file or folder\n"


def test_processes_that_decode_do_not_begin_the_command_again(image_folder: Callable[..., Path]) -> None:
    data = image_folder(melanoma=130, nevus=130)
    done = python_m("data", data, "--check", "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("layout: folder") == 1
    assert done.stdout.splitlines()[-1] == "all 260 images can be decoded"


@pytest.mark.parametrize(
    ("workers", "omp", "expected"), [(3, "2", 3), (None, "2", 2), (None, None, 5), (4, None, 4)]
)
def test_training_commands_compute_on_the_cores_of_the_process(
    workers: int | None, omp: str | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)
    monkeypatch.setattr(os, "cpu_count", lambda: 32)
    monkeypatch.setattr(cores, "process_cores", lambda: 5)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if omp is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", omp)
    use_cores(workers)
    assert chosen == [expected]
    assert os.environ["OPENBLAS_NUM_THREADS"] == str(expected)


@pytest.mark.parametrize(("options", "expected"), [([], 1), (["--workers", "3"], 3)])
def test_predict_takes_a_worker_a_core_of_the_process(
    options: list[str],
    expected: int,
    command: Command,
    photographs: Path,
    model_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def watched(*arguments: object, workers: int) -> object:
        asked.append(workers)
        return score_files(*arguments, workers=workers)  # type: ignore[arg-type]

    monkeypatch.setattr("dermdistill.cli.predict.score_files", watched)
    monkeypatch.setattr(os, "cpu_count", lambda: 32)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {7}, raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert command("predict", photographs, "--model", model_file, *options).code == 0
    assert asked == [expected]


@pytest.mark.parametrize("name", ["run", "compare", "evaluate", "export", "data", "predict"])
def test_every_command_that_decodes_takes_workers(name: str, command: Command) -> None:
    assert "--workers" in command(name, "--help").out


def damage(folder: Path, count: int) -> list[str]:
    damaged = sorted(folder.rglob("*.jpg"))[:count]
    for path in damaged:
        path.write_bytes(path.read_bytes()[:200])
    return [str(path) for path in damaged]


def test_data_check_names_all_bad_files(command: Command, image_folder: Callable[..., Path]) -> None:
    folder = image_folder(melanoma=10, nevus=10)
    assert command("data", folder, "--check").out.splitlines()[-1] == "all 20 images can be decoded"
    damaged = damage(folder, 12)
    assert command("data", folder).code == 0
    outcome = command("data", folder, "--check")
    assert outcome.code == 2
    shown = [line for line in outcome.err.splitlines() if line.startswith(("error: ", "also: "))]
    assert [line.split(": ")[1] for line in shown] == damaged[:10]
    assert "(and 11 more of the 20 images cannot be used; all are named in " in shown[0]
    listed = Path(shown[0].rpartition(" named in ")[2].removesuffix(")"))
    assert [line.split(": ")[0] for line in listed.read_text().splitlines()] == damaged


def test_data_names_all_files_that_hold_nothing(command: Command, image_folder: Callable[..., Path]) -> None:
    folder = image_folder(melanoma=3, nevus=3)
    (folder / "nevus" / "empty.jpg").touch()
    (folder / "nevus" / "gone.jpg").symlink_to("nowhere")
    outcome = command("data", folder)
    assert outcome.code == 2
    assert f"error: {folder}/nevus/empty.jpg: the file is empty" in outcome.err
    assert f"also: {folder}/nevus/gone.jpg: no such image file" in outcome.err
    assert "layout: folder; 8 images" in outcome.out
