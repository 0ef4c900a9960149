"""The main job: teacher, students with and without it, honest figures, report; resumable at every epoch."""

from pathlib import Path

import torch

from dermdistill.config import Recipe, to_toml
from dermdistill.data.images import InputSpec
from dermdistill.data.split_file import write_split
from dermdistill.errors import UserError
from dermdistill.evaluation.results import Comparison, Evaluation, read_json, write_json
from dermdistill.files import check_writable, write_text
from dermdistill.models import zoo
from dermdistill.models.checkpoint import read_info
from dermdistill.pipeline.cells import (
    Bench,
    finish,
    refuse_other_results,
    student_cells,
    teacher_cell,
    untrained,
)
from dermdistill.pipeline.environment import describe, now
from dermdistill.pipeline.judge import judge
from dermdistill.pipeline.prepare import assign, decode, open_data
from dermdistill.report.build import build_report
from dermdistill.runs import ModelSummary, RunFolder, RunManifest
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
    teacher = recipe.teacher
    zoo.check(teacher.model, teacher.weights)
    _check_out(folder)
    dataset = open_data(data, recipe.synthetic, recipe.data.size)
    assigned = assign(dataset, recipe)
    if not folder.model("teacher").weights.exists():
        zoo.try_out(teacher.model, teacher.weights, recipe.data.size)
    images = decode(dataset.records, recipe.data.size)
    bench = Bench(recipe, folder, assigned, images, _input_spec(recipe), device)
    cells = [teacher_cell(recipe), *student_cells(recipe)]
    refuse_other_results(cells, bench)
    if not folder.model(cells[-1].name).weights.exists():
        untrained(cells[-1], bench)  # so that missing weights are found before the teacher is trained
    manifest = _open_folder(bench, data=data, command=command)
    for cell in cells:
        finish(cell, bench)
    judge(bench, cells)
    write_json(folder.manifest, manifest.model_copy(update={"finished": now()}))
    records = {record.image_id: record for record in dataset.records}
    build_report(folder, images=lambda ids: [records[image_id].image.decode() for image_id in ids])
    return folder


def _check_out(folder: RunFolder) -> None:
    """Refuse a folder that cannot be written or holds something else, before any work."""
    check_writable(folder.path)
    if folder.path.is_dir() and any(folder.path.iterdir()) and not folder.recipe.exists():
        raise UserError(f"{folder.path}: holds other files; choose an empty or new folder for --out")


def _input_spec(recipe: Recipe) -> InputSpec:
    """The preprocessing that the teacher's first weights expect."""
    own = read_info(Path(recipe.teacher.weights))
    if own is not None:
        return InputSpec(recipe.data.size, own.input.mean, own.input.std)
    mean, std = zoo.statistics(recipe.teacher.model, recipe.teacher.weights)
    return InputSpec(recipe.data.size, mean, std)


def _open_folder(bench: Bench, *, data: str, command: str) -> RunManifest:
    """Write recipe, split and manifest; a resumed run keeps its first command, environment and start."""
    folder, assigned = bench.run, bench.assigned
    write_text(folder.recipe, to_toml(bench.recipe))
    write_split(folder.split, assigned.dataset.records, assigned.split, bench.images.contents)
    manifest = RunManifest(
        recipe_name=bench.recipe.name,
        command=command,
        data=assigned.summary(data),
        environment=describe(bench.device),
        started=now(),
    )
    if folder.manifest.exists():
        first = read_json(folder.manifest, RunManifest)
        kept = {"command": first.command, "environment": first.environment, "started": first.started}
        manifest = manifest.model_copy(update=kept)
    write_json(folder.manifest, manifest)
    return manifest


def results_of(folder: RunFolder) -> dict[str, Evaluation]:
    """The test figures of every model of a finished run, the teacher first."""
    return {model.path.name: read_json(model.metrics, Evaluation) for model in folder.models()}


def comparisons_of(folder: RunFolder) -> list[Comparison]:
    """The paired comparisons of a finished run."""
    return read_json(folder.comparisons, list[Comparison])


def failures_of(folder: RunFolder) -> list[str]:
    """A line for every model whose training stopped early; its last good weights were judged."""
    summaries = [read_json(model.summary, ModelSummary) for model in folder.models()]
    return [f"{summary.name}: {summary.failure}" for summary in summaries if summary.failure]
