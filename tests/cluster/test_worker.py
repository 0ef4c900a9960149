"""A cell in a process of a cluster, without one: where its files are, and what becomes of a failure."""

import errno
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fsspec
import pytest

from dermdistill.cluster import worker
from dermdistill.cluster.worker import Event, Outcome, Place, carry_out
from dermdistill.config import Recipe
from dermdistill.errors import UserError
from dermdistill.files import cannot_write
from dermdistill.json_files import write_json
from dermdistill.pipeline.mirror import Mirror
from dermdistill.pipeline.plan import Cell, Plan, RunContext, cells_of
from dermdistill.runs import ModelSummary, RunFolder
from dermdistill.training.reporter import Reporter

RECIPE = Recipe(name="r")
CELLS = cells_of(RECIPE)
TEACHER, _, HINTON = CELLS
MIRROR = Mirror("memory://bucket/run")
SUMMARY = ModelSummary(
    name=HINTON.name,
    group=HINTON.group,
    role=HINTON.role,
    architecture=HINTON.architecture,
    objective=HINTON.objective,
    seed=HINTON.seed,
    identity="a",
    input_size=32,
    parameters=1,
    macs=1,
    weights_bytes=7,
    epochs=1,
    kept_epochs=(1,),
    training_seconds=1.0,
)


@dataclass
class Finisher:
    """Stands for ``cells.finish``: an epoch, then the finished files; remembers what it found."""

    error: Exception | None = None
    found: list[dict[str, bytes]] = field(default_factory=list)

    def __call__(self, cell: Cell, plan: Plan, context: RunContext, reporter: Reporter) -> None:
        models = context.run.path / "models"
        paths = [path for path in models.rglob("*") if path.is_file()]
        self.found.append({path.relative_to(models).as_posix(): path.read_bytes() for path in paths})
        folder = context.run.model(cell.name)
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.checkpoint.write_bytes(b"epoch 1")
        folder.history.write_text("epoch\n1\n")
        reporter.batch_done(cell.name, 1, 2, 0.5)
        reporter.epoch_done(cell.name, {"epoch": 1.0}, 2)
        if self.error is not None:
            raise self.error
        folder.weights.write_bytes(b"weights")
        write_json(folder.summary, SUMMARY)
        folder.checkpoint.unlink()


@pytest.fixture(autouse=True)
def _empty_storage() -> Iterator[None]:
    yield
    fsspec.filesystem("memory").store.clear()


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    folder.manifest.write_text("this run")
    folder.split.write_text("image_id\n")
    return folder


def carried_out(
    monkeypatch: pytest.MonkeyPatch, finisher: Finisher, run: RunFolder, mirror: Mirror | None
) -> tuple[Outcome, list[Event]]:
    monkeypatch.setattr(worker, "finish", finisher)
    monkeypatch.setattr(worker, "keep_freed_memory", lambda: None)
    events: list[Event] = []
    unused: Any = None
    context = RunContext(RECIPE, run, unused, unused, unused, unused, unused)
    outcome = carry_out(HINTON, Plan(CELLS, {}), context, Place(b"this run", mirror), events.append)
    return outcome, events


def stored() -> dict[str, bytes]:
    store = fsspec.filesystem("memory").store
    return {path.removeprefix("/bucket/run/models/"): file.getvalue() for path, file in store.items()}


def test_a_shared_folder_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch, run: RunFolder) -> None:
    outcome, events = carried_out(monkeypatch, Finisher(), run, None)
    assert outcome == Outcome(HINTON.name)
    assert run.model(HINTON.name).weights.read_bytes() == b"weights"
    assert events == [
        ("begin", HINTON.name, ()),
        ("batch_done", HINTON.name, (1, 2, 0.5)),
        ("epoch_done", HINTON.name, ({"epoch": 1.0}, 2)),
    ]


@pytest.mark.parametrize("content", [None, "another run of this path"])
def test_a_node_that_does_not_see_the_folder_says_so(
    monkeypatch: pytest.MonkeyPatch, run: RunFolder, content: str | None
) -> None:
    if content is None:
        run.manifest.unlink()
    else:
        run.manifest.write_text(content)
    finisher = Finisher()
    outcome, _ = carried_out(monkeypatch, finisher, run, None)
    assert outcome.failure is not None
    assert "does not see this folder; put --output on a disk that all nodes share" in outcome.failure
    assert not finisher.found


def test_with_a_mirror_a_cell_finds_what_it_needs_and_leaves_what_it_made(
    monkeypatch: pytest.MonkeyPatch, run: RunFolder
) -> None:
    MIRROR.push_split(run)
    memory = fsspec.filesystem("memory")
    memory.pipe_file(f"/bucket/run/models/{TEACHER.name}/weights.safetensors", b"of the teacher")
    memory.pipe_file(f"/bucket/run/models/{HINTON.name}/checkpoint.ckpt", b"epoch 0")
    finisher = Finisher()
    outcome, _ = carried_out(monkeypatch, finisher, run, MIRROR)
    assert outcome.failure is None
    assert finisher.found == [
        {
            f"{TEACHER.name}/weights.safetensors": b"of the teacher",
            f"{HINTON.name}/checkpoint.ckpt": b"epoch 0",
        }
    ]
    assert {name for name in stored() if name.startswith(HINTON.name)} == {
        f"{HINTON.name}/{file}" for file in ("history.csv", "weights.safetensors", "model.json")
    }
    assert not run.model(HINTON.name).path.exists()

    again = Finisher()
    assert carried_out(monkeypatch, again, run, MIRROR)[0].failure is None
    assert not again.found, "a finished cell is not trained again"


def test_an_epoch_is_in_the_mirror_before_the_next_one(
    monkeypatch: pytest.MonkeyPatch, run: RunFolder
) -> None:
    MIRROR.push_split(run)
    outcome, _ = carried_out(monkeypatch, Finisher(UserError("the loss is nan")), run, MIRROR)
    assert outcome == Outcome(HINTON.name, "the loss is nan")
    assert stored()[f"{HINTON.name}/checkpoint.ckpt"] == b"epoch 1"
    assert stored()[f"{HINTON.name}/history.csv"] == b"epoch\n1\n"


def test_a_full_disk_is_the_trouble_of_all(monkeypatch: pytest.MonkeyPatch, run: RunFolder) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    error = cannot_write(run.path, full)
    error.__cause__ = full
    outcome, _ = carried_out(monkeypatch, Finisher(error), run, None)
    assert outcome.is_disk_full
