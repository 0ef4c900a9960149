"""The cells of a plan on a Ray cluster of this machine, with a process killed in the middle of a training."""

import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from dermdistill.config import Recipe
from dermdistill.pipeline.board import Board
from dermdistill.pipeline.executor import Executor, one_by_one
from dermdistill.pipeline.forecast import Forecast
from dermdistill.pipeline.opening import held, open_run
from dermdistill.pipeline.plan import Cell, cells_of
from dermdistill.pipeline.prepare import DataOptions
from dermdistill.runs import RunFolder
from dermdistill.training.history import EpochRow

training = pytest.importorskip("dermdistill.cluster.training", reason="the extra ray is not installed")

EPOCHS = 8
TINY = {"batch_size": 16, "epochs": 2}
RECIPE = Recipe.model_validate(
    {
        "name": "tiny",
        "data": {"size": 32},
        "synthetic": {"lesions": 60},
        "teacher": {"model": "test_resnet", "weights": "none", "size": 40, **TINY, "epochs": EPOCHS},
        "student": {"objectives": ["hinton"], **TINY},
    }
)
TEACHER, HINTON = cells_of(RECIPE)


@dataclass(slots=True)
class Killer(Board):
    """A board that kills the process of the teacher when it hears of its first epoch, and counts epochs."""

    epochs: list[int] = field(default_factory=list)
    killed: list[int] = field(default_factory=list)

    def epoch_done(self, name: str, row: EpochRow, epochs: int) -> None:
        if name == "teacher":
            self.epochs.append(int(row["epoch"]))
            if not self.killed:
                self.killed = [process_of("teacher")]
                os.kill(self.killed[0], signal.SIGKILL)


def process_of(task: str) -> int:
    """The process of a task, which Ray names after it, among the descendants of this process."""
    for _ in range(100):
        for entry in Path("/proc").glob("[0-9]*"):
            if _title(entry) == f"ray::{task}" and os.getpid() in _ancestors(int(entry.name)):
                return int(entry.name)
        time.sleep(0.05)
    raise AssertionError(f"no process of {task}")


def _title(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().split(b"\0")[0].decode()
    except OSError:
        return ""


def _ancestors(pid: int) -> list[int]:
    found = []
    while pid > 1:
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            break
        found.append(pid)
    return found


def carried_out(out: Path, executor: Executor, kind: type[Board] = Board) -> tuple[RunFolder, Board]:
    run, data, cells = RunFolder(out), DataOptions(("synthetic",)), cells_of(RECIPE)
    with held(run, data):
        plan, context = open_run(RECIPE, data, run, cells, device=torch.device("cpu"), command="test")
        board = kind(cells, Forecast(cells, RECIPE))
        executor(plan, context, board)
    assert board.failed == {}
    return run, board


def figures(run: RunFolder) -> dict[str, object]:
    """Histories without seconds, and predictions."""
    return {
        folder.path.name: (
            [line.rpartition(",")[0] for line in folder.history.read_text().splitlines()],
            folder.predictions.read_text(),
        )
        for folder in run.models()
    }


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
@pytest.mark.skipif(
    "DERMDISTILL_TEST_CLUSTER" not in os.environ, reason="a minute: in `make test-everywhere`"
)
def test_a_killed_process_costs_at_most_one_epoch_and_changes_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Ray gives its processes a low priority, and tests run side by side.
    monkeypatch.setenv("RAY_worker_niceness", "0")
    monkeypatch.setattr(training, "_LOOK_EVERY", 0.05)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    here, _ = carried_out(tmp_path / "here", one_by_one)
    torch.set_num_threads(threads)
    executor = training.RayExecutor("local:1", storage=(tmp_path / "storage").as_uri())
    there, board = carried_out(tmp_path / "there", executor, Killer)
    assert isinstance(board, Killer)
    assert board.killed
    assert figures(there) == figures(here)
    assert set(board.epochs) <= set(range(1, EPOCHS + 1))
    assert len(board.epochs) <= EPOCHS + 1, "no finished epoch is repeated but one"
    assert not (tmp_path / "storage/models/teacher/checkpoint.ckpt").exists()


def cell(**resources: float) -> Cell:
    recipe = TEACHER.recipe.model_copy(update=resources)
    return Cell("teacher", "teacher", "teacher", "labels", 0, recipe)


def test_a_cell_has_the_resources_of_its_recipe() -> None:
    assert training.resources(cell(), on_gpus=False) == {"num_cpus": 1, "num_gpus": 0}
    assert training.resources(cell(), on_gpus=True) == {"num_cpus": 1, "num_gpus": 1}
    assert training.resources(cell(cpus=4, gpus=0.25), on_gpus=True) == {"num_cpus": 4, "num_gpus": 0.25}
    assert training.resources(cell(cpus=4, gpus=2), on_gpus=False) == {"num_cpus": 4, "num_gpus": 0}


def test_what_a_dead_process_told_before_reaches_no_board() -> None:
    """Events of a training that the board does not know as running are left out; notes are shown."""
    board = Board(cells_of(RECIPE), Forecast(cells_of(RECIPE), RECIPE))
    names = {"teacher": TEACHER}
    training.tell(board, ("batch_done", "teacher", (1, 2, 0.5)), names)
    assert not board.running
    training.tell(board, ("begin", "teacher", ()), names)
    training.tell(board, ("batch_done", "teacher", (1, 2, 0.5)), names)
    assert board.running["teacher"].doing == "epoch 1/2, 50%"
