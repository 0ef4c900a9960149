"""The main job: teacher, students with and without it, honest figures, report; resumable at every epoch."""

import sys
from pathlib import Path

import torch

from dermdistill.config import Recipe, to_toml
from dermdistill.data import splits
from dermdistill.data.images import InputSpec
from dermdistill.errors import UserError
from dermdistill.evaluation.results import Evaluation, read_json, write_json
from dermdistill.files import check_writable, write_text
from dermdistill.models import zoo
from dermdistill.pipeline.cells import Bench, finish, student_cells, teacher_cell
from dermdistill.pipeline.environment import describe, now
from dermdistill.pipeline.judge import judge
from dermdistill.pipeline.prepare import Assigned, assign, decode, open_data
from dermdistill.report.build import build_report
from dermdistill.runs import RunFolder, RunManifest
from dermdistill.training.memory import keep_freed_memory


def run(recipe: Recipe, data: str, out: Path, *, device: torch.device, command: str) -> RunFolder:
    """Train and judge everything that the recipe names, in the folder ``out``; finished parts are kept.

    Args:
        recipe: every choice.
        data: a path, or ``synthetic``.
        out: the run folder; made if need be.
        device: where to train.
        command: how the user asked for it, for the manifest.

    Raises:
        UserError: wrong data, an unwritable folder, results of another recipe in it, damaged checkpoints.
    """
    keep_freed_memory()
    folder = RunFolder(out)
    zoo.check(recipe.teacher.model, recipe.teacher.weights)
    _check_out(folder)
    dataset = open_data(data, recipe.synthetic, recipe.data.size)
    for note in dataset.notes:
        print(f"note: {note}", file=sys.stderr)
    assigned = assign(dataset, recipe)
    images = decode(dataset.records, recipe.data.size)
    manifest = _open_folder(folder, recipe, assigned, data=data, device=device, command=command)
    mean, std = zoo.statistics(recipe.teacher.model, recipe.teacher.weights)
    bench = Bench(recipe, folder, assigned, images, InputSpec(recipe.data.size, mean, std), device)
    cells = [teacher_cell(recipe), *student_cells(recipe)]
    for cell in cells:
        finish(cell, bench)
    judge(bench, cells)
    write_json(folder.manifest, manifest.model_copy(update={"finished": manifest.finished or now()}))
    records = {record.image_id: record for record in dataset.records}
    build_report(folder, images=lambda ids: [records[image_id].image.decode() for image_id in ids])
    return folder


def _check_out(folder: RunFolder) -> None:
    """Refuse a folder that cannot be written or holds something else, before any work."""
    check_writable(folder.path)
    if folder.path.is_dir() and any(folder.path.iterdir()) and not folder.recipe.exists():
        raise UserError(f"{folder.path}: holds other files; choose an empty or new folder for --out")


def _open_folder(
    folder: RunFolder, recipe: Recipe, assigned: Assigned, *, data: str, device: torch.device, command: str
) -> RunManifest:
    """Write recipe, split and manifest; on resume keep the first start."""
    write_text(folder.recipe, to_toml(recipe))
    splits.write_split(folder.split, assigned.dataset.records, assigned.split)
    manifest = RunManifest(
        recipe_name=recipe.name,
        command=command,
        data=assigned.summary(data),
        environment=describe(device),
        started=now(),
    )
    if folder.manifest.exists():
        earlier = read_json(folder.manifest, RunManifest)
        manifest = manifest.model_copy(update={"started": earlier.started, "finished": earlier.finished})
    write_json(folder.manifest, manifest)
    return manifest


def results_of(folder: RunFolder) -> dict[str, Evaluation]:
    """The test figures of every model of a finished run, the teacher first."""
    return {model.path.name: read_json(model.metrics, Evaluation) for model in folder.models()}
