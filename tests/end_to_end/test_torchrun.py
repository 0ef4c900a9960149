"""``torchrun -m dermdistill run`` with two processes: the figures of one, and what the death of one says."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dermdistill.runs import RunFolder

from .held import REPOSITORY

RECIPE = """
[data]
size = 32
[synthetic]
lesions = 60
[teacher]
model = "resnet10t"
weights = "none"
epochs = 6
batch_size = 15
learning_rate = 1e-12
[student]
objectives = ["hinton"]
epochs = 2
batch_size = 15
learning_rate = 1e-12
[evaluation]
replicates = 100
"""
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m")


def start(out: Path, recipe: Path, *, together: bool) -> "subprocess.Popen[bytes]":
    """The command; its output goes to a file beside the run."""
    launcher = TORCHRUN if together else ("-m",)
    with out.with_suffix(".log").open("ab") as log:
        return subprocess.Popen(
            [
                *(sys.executable, *launcher, "dermdistill", "run", "--data", "synthetic"),
                *("--recipe", recipe, "-o", out, "--workers", "1"),
            ],
            cwd=REPOSITORY,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=log,
            stderr=log,
        )


def rank(number: int, torchrun: int) -> int:
    """The process of a rank among the children of torchrun."""
    for child in Path(f"/proc/{torchrun}/task/{torchrun}/children").read_text().split():
        if f"RANK={number}".encode() in Path(f"/proc/{child}/environ").read_bytes().split(b"\0"):
            return int(child)
    raise AssertionError(f"no rank {number}")


def history(out: Path, model: str) -> list[dict[str, float]]:
    with RunFolder(out).model(model).history.open(newline="") as handle:
        return [
            {name: float(value) for name, value in row.items() if name != "seconds"}
            for row in csv.DictReader(handle)
        ]


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_a_killed_process_ends_the_run_with_one_line_and_one_process_ends_it_with_the_same_figures(
    tmp_path: Path,
) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(RECIPE)
    alone, both = tmp_path / "alone", tmp_path / "both"
    sequential, torchrun = start(alone, recipe, together=False), start(both, recipe, together=True)
    log = both.with_suffix(".log")
    try:
        while not RunFolder(both).model("teacher").history.exists():
            assert torchrun.poll() is None, log.read_text()
            time.sleep(0.01)
        os.kill(rank(1, torchrun.pid), signal.SIGKILL)
        assert torchrun.wait() != 0
        lines = [line for line in log.read_text().splitlines() if line.startswith("error: ")]
        assert len(lines) == 1, log.read_text()
        assert "another process" in lines[0]
        assert "goes on from the last finished epoch" in lines[0]

        begun = len(history(both, "teacher"))
        assert 1 <= begun < 6
        resumed = start(both, recipe, together=False)
        assert resumed.wait() == 0, log.read_text()
        assert sequential.wait() == 0, alone.with_suffix(".log").read_text()
    finally:
        for process in (torchrun, sequential):
            process.kill()
            process.wait()
    for model in ("teacher", "dsnet-hinton-seed0"):
        found, expected = history(both, model), history(alone, model)
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert one == pytest.approx(other, abs=1e-5)
