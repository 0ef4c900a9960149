"""The models of a run in a storage that all nodes of a cluster reach, where they share no file system.

STORAGE/
  split.csv            of the run
  models/<name>/       as in the run folder (see ``runs``)

A model's checkpoint is there after every epoch, its files when it is finished; ``model.json`` comes last.
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from dermdistill import storage
from dermdistill.errors import UserError
from dermdistill.files import write_bytes
from dermdistill.pipeline.plan import Plan
from dermdistill.runs import ModelFolder, ModelSummary, RunFolder

_SUMMARY = "model.json"


@dataclass(frozen=True, slots=True)
class Mirror:
    """A folder of a storage that mirrors a run's models."""

    url: str

    def push_split(self, run: RunFolder) -> None:
        """Copy the split, which says what the models learned from."""
        storage.write(storage.join(self.url, run.split.name), run.split.read_bytes())

    def pull_split(self, run: RunFolder) -> None:
        """Copy it back; raises UserError where it is not there."""
        content = storage.read(storage.join(self.url, run.split.name))
        if content is None:
            raise UserError(
                f"{self.url}: holds no {run.split.name}; this node does not see the driver's files"
            )
        write_bytes(run.split, content)

    def push_epoch(self, folder: ModelFolder) -> None:
        """Copy what an epoch left: the checkpoint first, which makes the history again."""
        for path in (folder.checkpoint, folder.history):
            storage.upload(path, self._url(folder, path.name))

    def push(self, folder: ModelFolder) -> None:
        """Copy a finished model, and remove its checkpoint there."""
        files = [path for path in sorted(folder.path.rglob("*")) if path.is_file() and path.name != _SUMMARY]
        for path in (*files, folder.summary):
            storage.upload(path, self._url(folder, path.relative_to(folder.path).as_posix()))
        storage.remove(self._url(folder, folder.checkpoint.name))

    def pull(self, folder: ModelFolder) -> None:
        """Copy all that is there of a model, finished or begun."""
        root = self._url(folder)
        names = storage.names(root)
        if _SUMMARY in names:  # a kill may have come before its checkpoint was removed
            names = [*(set(names) - {_SUMMARY, folder.checkpoint.name}), _SUMMARY]
        for name in names:
            content = storage.read(storage.join(root, name))
            if content is not None:
                write_bytes(folder.path / Path(name), content)

    def summary(self, folder: ModelFolder) -> ModelSummary | None:
        """Of a model that is finished there; raises UserError where it cannot be read."""
        url = self._url(folder, _SUMMARY)
        content = storage.read(url)
        try:
            return None if content is None else ModelSummary.model_validate_json(content)
        except ValidationError:
            raise UserError(f"{url}: not a summary of this program; choose another --storage") from None

    def epochs(self, folder: ModelFolder) -> int:
        """How many epochs of a begun model are there."""
        history = storage.read(self._url(folder, folder.history.name))
        return 0 if history is None else _epochs(history)

    def _url(self, folder: ModelFolder, *names: str) -> str:
        return storage.join(self.url, "models", folder.path.name, *names)


def reconcile(mirror: Mirror, plan: Plan, run: RunFolder) -> None:
    """Bring a run folder and its mirror to the same state.

    Both have every finished model then; of a begun one the mirror has the checkpoint with more epochs.

    Raises:
        UserError: the mirror holds models of another recipe or other data.
    """
    mirror.push_split(run)
    for cell in plan.cells:
        folder = run.model(cell.name)
        there = mirror.summary(folder)
        if there is not None and there.identity != plan.identities[cell.name]:
            raise UserError(
                f"{mirror.url}: {cell.name} there is of another recipe or other data; choose another "
                "--storage"
            )
        if folder.summary.exists():
            if there is None:
                mirror.push(folder)
        elif there is not None:
            mirror.pull(folder)
            folder.checkpoint.unlink(missing_ok=True)
        elif folder.checkpoint.exists() and _local_epochs(folder) > mirror.epochs(folder):
            mirror.push_epoch(folder)


def _local_epochs(folder: ModelFolder) -> int:
    return _epochs(folder.history.read_bytes()) if folder.history.exists() else 0


def _epochs(history: bytes) -> int:
    return max(0, len(history.splitlines()) - 1)
