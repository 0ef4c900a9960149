"""``torchrun -m dermdistill run`` with two processes, one of which dies."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dermdistill.runs import RunFolder

from ..conftest import Outcome
from .held import REPOSITORY

EPOCHS = 12
RECIPE = f"""
[data]
size = 32
[synthetic]
lesions = 60
[teacher]
model = "test_resnet"
weights = "none"
size = 40
epochs = {EPOCHS}
batch_size = 15
[student]
objectives = ["hinton"]
epochs = 2
batch_size = 15
[evaluation]
replicates = 100
"""
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "dermdistill")


def rank(number: int, torchrun: int) -> int:
    """The process of a rank among the children of torchrun."""
    for child in Path(f"/proc/{torchrun}/task/{torchrun}/children").read_text().split():
        if f"RANK={number}".encode() in Path(f"/proc/{child}/environ").read_bytes().split(b"\0"):
            return int(child)
    raise AssertionError(f"no rank {number}")


def epochs(run: RunFolder, model: str) -> list[str]:
    with run.model(model).history.open(newline="") as handle:
        return [row["epoch"] for row in csv.DictReader(handle)]


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_a_killed_process_ends_the_run_with_one_line_and_one_process_goes_on(
    command: Callable[..., Outcome], tmp_path: Path
) -> None:
    """The figures are compared in ``tests/training/test_together.py``."""
    recipe, run, log = tmp_path / "tiny.toml", RunFolder(tmp_path / "run"), tmp_path / "run.log"
    recipe.write_text(RECIPE)
    arguments = ("run", "--data", "synthetic", "--recipe", str(recipe), "-o", str(run.path))
    with log.open("wb") as output:
        torchrun = subprocess.Popen(
            [sys.executable, *TORCHRUN, *arguments], cwd=REPOSITORY, stdout=output, stderr=output
        )
    try:
        while not run.model("teacher").history.exists():
            assert torchrun.poll() is None, log.read_text()
            time.sleep(0.01)
        os.kill(rank(1, torchrun.pid), signal.SIGKILL)
        assert torchrun.wait() != 0
    finally:
        torchrun.kill()
        torchrun.wait()
    lines = [line for line in log.read_text().splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, log.read_text()
    assert "another process" in lines[0]
    assert "goes on from the last finished epoch" in lines[0]

    begun = epochs(run, "teacher")
    assert 1 <= len(begun) < EPOCHS
    first = run.model("teacher").history.read_text()
    outcome = command(*arguments)
    assert outcome.code == 0, outcome.err
    assert run.model("teacher").history.read_text().startswith(first), "no finished epoch is repeated"
    assert len(epochs(run, "teacher")) == EPOCHS
    assert len(epochs(run, "dsnet-hinton-seed0")) == 2
