"""A run folder and its mirror in a storage, after kills at any moment."""

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from dermdistill import storage
from dermdistill.config import Recipe
from dermdistill.errors import UserError
from dermdistill.json_files import write_json
from dermdistill.pipeline.mirror import Mirror, reconcile
from dermdistill.pipeline.plan import Plan, student_cells
from dermdistill.runs import ModelFolder, ModelSummary, RunFolder

CELLS = student_cells(Recipe(name="r"))
LABELS, HINTON = (cell.name for cell in CELLS)
PLAN = Plan(tuple(CELLS), {LABELS: "a", HINTON: "b"})


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    yield Mirror("memory://bucket/run")
    fsspec.filesystem("memory").store.clear()


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    folder.split.write_text("image_id\n")
    return folder


def begin(folder: ModelFolder, epochs: int) -> None:
    folder.path.mkdir(parents=True)
    folder.checkpoint.write_bytes(b"%d" % epochs)
    folder.history.write_text("epoch,val_auc\n" + "".join(f"{i},0.5\n" for i in range(epochs)))


def complete(folder: ModelFolder, identity: str = "a") -> None:
    begin(folder, 3)
    folder.checkpoint.unlink()
    folder.weights.write_bytes(b"weights")
    folder.tensorboard.mkdir()
    (folder.tensorboard / "events").write_bytes(b"events")
    summary = {
        **{"name": folder.path.name, "group": "g", "role": "student", "architecture": "dsnet"},
        **{"objective": "labels", "seed": 0, "identity": identity, "kept_epochs": (1,)},
        **dict.fromkeys(("input_size", "parameters", "macs", "weights_bytes", "epochs"), 1),
        "training_seconds": 1.0,
    }
    write_json(folder.summary, ModelSummary.model_validate(summary))


def files(folder: ModelFolder) -> dict[str, bytes]:
    found = (path for path in folder.path.rglob("*") if path.is_file())
    return {path.relative_to(folder.path).as_posix(): path.read_bytes() for path in found}


def test_a_finished_model_comes_back_whole(run: RunFolder, mirror: Mirror, tmp_path: Path) -> None:
    complete(run.model(LABELS))
    mirror.push(run.model(LABELS))
    other = RunFolder(tmp_path / "other")
    mirror.pull(other.model(LABELS))
    assert files(other.model(LABELS)) == files(run.model(LABELS))
    found = mirror.summary(other.model(LABELS))
    assert found is not None
    assert found.identity == "a"


def test_a_begun_model_comes_back_with_its_last_epoch(run: RunFolder, mirror: Mirror, tmp_path: Path) -> None:
    begin(run.model(LABELS), 2)
    mirror.push_epoch(run.model(LABELS))
    other = RunFolder(tmp_path / "other")
    mirror.pull(other.model(LABELS))
    assert files(other.model(LABELS)) == files(run.model(LABELS))
    assert mirror.epochs(other.model(LABELS)) == 2
    assert mirror.summary(other.model(LABELS)) is None


def test_a_checkpoint_beside_a_finished_model_is_left_where_it_is(
    run: RunFolder, mirror: Mirror, tmp_path: Path
) -> None:
    """As a kill between the summary and the removal of the checkpoint leaves it."""
    begin(run.model(LABELS), 2)
    mirror.push_epoch(run.model(LABELS))
    complete(RunFolder(tmp_path / "done").model(LABELS))
    url = storage.join(mirror.url, "models", LABELS, "model.json")
    storage.upload(RunFolder(tmp_path / "done").model(LABELS).summary, url)
    other = RunFolder(tmp_path / "other")
    mirror.pull(other.model(LABELS))
    assert set(files(other.model(LABELS))) == {"history.csv", "model.json"}


def test_nothing_is_pulled_where_there_is_nothing(run: RunFolder, mirror: Mirror) -> None:
    mirror.pull(run.model(LABELS))
    assert not run.model(LABELS).path.exists()
    assert mirror.epochs(run.model(LABELS)) == 0
    with pytest.raises(UserError, match=r"holds no split\.csv"):
        mirror.pull_split(run)


def test_both_sides_have_every_finished_model(run: RunFolder, mirror: Mirror, tmp_path: Path) -> None:
    """One was finished without the mirror, the other after the driver had died."""
    complete(run.model(LABELS))
    there = RunFolder(tmp_path / "there")
    complete(there.model(HINTON), "b")
    mirror.push(there.model(HINTON))
    begin(run.model(HINTON), 1)
    reconcile(mirror, PLAN, run)
    assert mirror.summary(run.model(LABELS)) is not None
    assert files(run.model(HINTON)) == files(there.model(HINTON))
    assert storage.read(storage.join(mirror.url, "split.csv")) == b"image_id\n"


@pytest.mark.parametrize(("here", "there", "kept"), [(3, 1, 3), (1, 3, 3), (2, 0, 2)])
def test_the_checkpoint_with_more_epochs_is_kept(
    run: RunFolder, mirror: Mirror, tmp_path: Path, here: int, there: int, kept: int
) -> None:
    if there:
        other = RunFolder(tmp_path / "there")
        begin(other.model(LABELS), there)
        mirror.push_epoch(other.model(LABELS))
    begin(run.model(LABELS), here)
    reconcile(mirror, PLAN, run)
    assert mirror.epochs(run.model(LABELS)) == kept


@pytest.mark.parametrize("content", [b"{}", b"not JSON"])
def test_a_mirror_of_something_else_is_refused(
    run: RunFolder, mirror: Mirror, tmp_path: Path, content: bytes
) -> None:
    complete(RunFolder(tmp_path / "there").model(LABELS), "another")
    mirror.push(RunFolder(tmp_path / "there").model(LABELS))
    with pytest.raises(UserError, match="another recipe or other data; choose another --storage"):
        reconcile(mirror, PLAN, run)
    storage.write(storage.join(mirror.url, "models", LABELS, "model.json"), content)
    with pytest.raises(UserError, match="not a summary of this program"):
        reconcile(mirror, PLAN, run)
