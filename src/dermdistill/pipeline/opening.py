"""Open a run folder for training: check everything that can be checked, split, decode, write what it is."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import torch

from dermdistill.config import Recipe, is_recipe, load_recipe, to_toml
from dermdistill.data.counts import counts_table
from dermdistill.data.perceptual_hash import to_hex
from dermdistill.data.split_file import write_split
from dermdistill.errors import UserError
from dermdistill.files import cannot_write, lock, write_text
from dermdistill.json_files import read_json, write_json
from dermdistill.messages import inform, warn
from dermdistill.models import registry, zoo
from dermdistill.models.checkpoint import read_info
from dermdistill.outputs import check_folder, check_outside
from dermdistill.pipeline.assigned import assign
from dermdistill.pipeline.environment import describe_environment, now
from dermdistill.pipeline.leaks import copies_in_two_splits
from dermdistill.pipeline.plan import Cell, Plan, RunContext
from dermdistill.pipeline.prepare import (
    DataOptions,
    as_recorded,
    coefficients_of,
    decode,
    open_data,
)
from dermdistill.pipeline.reuse import (
    adopt,
    begun,
    refuse_other_images,
    refuse_other_recipe,
    refuse_other_results,
)
from dermdistill.records import Pixels
from dermdistill.report.build import check_report
from dermdistill.runs import DataSummary, RunFolder, RunManifest


@contextmanager
def held(folder: RunFolder, data: DataOptions) -> Iterator[None]:
    """Keep a run folder to this process; made if need be.

    Raises:
        UserError: it cannot be written, holds something else, or another process has it.
    """
    _check_out(folder, data)
    is_new = not folder.path.exists()
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        handle = folder.lock.open("a")
    except OSError as error:
        raise cannot_write(folder.path, error) from error
    with handle:
        lock(handle, folder.path, "--output")
        try:
            yield
        finally:
            if is_new and list(folder.path.iterdir()) == [folder.lock]:  # wrong data, say
                with suppress(OSError):  # as on Windows, where it is open
                    folder.lock.unlink()
                    folder.path.rmdir()


def open_run(
    recipe: Recipe,
    data: DataOptions,
    folder: RunFolder,
    cells: Sequence[Cell],
    *,
    device: torch.device,
    command: str,
) -> tuple[Plan, RunContext]:
    """Prepare the images of a run, plan its cells and write what it is.

    Args:
        recipe: every choice.
        data: the user's options; a resumed run goes on with the recorded word on the labels.
        folder: of the run; see ``held``.
        cells: all that will be trained or composed.
        device: where to train.
        command: how the user asked for it, for the manifest.

    Raises:
        UserError: wrong data, networks that cannot be had, results of another recipe in the folder.
    """
    refuse_other_recipe(recipe, cells, folder, synthetic=data.synthetic)
    data = as_recorded(folder, data)
    dataset = open_data(data, recipe.synthetic, recipe.teacher_size)
    assigned = assign(dataset, recipe)
    inform(counts_table(dataset.records, assigned.split))
    refuse_other_images(recipe, assigned, folder)
    _try_out(recipe, cells, begun(folder))
    images = {size: decode(dataset.records, size, workers=torch.get_num_threads()) for size in recipe.sizes}
    context = RunContext(recipe, folder, assigned, images, *_normalisation(recipe), device)
    plan = Plan.of(cells, context)
    refuse_other_results(plan, folder)
    adopt(plan, folder)
    coefficients = coefficients_of(
        dataset.records, context.contents, synthetic=dataset.synthetic, workers=torch.get_num_threads()
    )
    copies = copies_in_two_splits(dataset.records, assigned.split, coefficients)
    for text in copies:
        warn(text)
    summary = assigned.summary(data)
    summary = summary.model_copy(update={"notes": (*summary.notes, *copies)})
    _write_what_it_is(context, to_hex(coefficients), data=summary, command=command)
    return plan, context


def close_run(context: RunContext) -> None:
    """Say in the manifest that the run is finished."""
    manifest = read_json(context.run.manifest, RunManifest)
    write_json(context.run.manifest, manifest.model_copy(update={"finished": now()}))


def pixels_of(context: RunContext) -> Callable[[Sequence[str]], list[Pixels]]:
    """Decodes images of the run by their ids, for the report."""
    records = {record.image_id: record for record in context.assigned.dataset.records}
    return lambda ids: [records[image_id].image.decode() for image_id in ids]


def _check_out(folder: RunFolder, data: DataOptions) -> None:
    """Refuse a folder that cannot be written or holds something else, before any work."""
    check_folder(
        folder.path,
        "--output",
        expected="a run",
        is_ours=lambda: _is_run(folder),
        besides=("models",),  # copied here from another machine
    )
    check_outside(folder.path, "--output", data.folders)
    check_report(folder)


def _is_run(folder: RunFolder) -> bool:
    """Whether this program wrote the recipe there: a user's own recipe has comments that would be lost."""
    if not is_recipe(folder.recipe):
        return False
    if folder.manifest.exists():
        return True
    try:  # a kill may have come before the manifest
        return folder.recipe.read_text(encoding="utf-8") == to_toml(load_recipe(str(folder.recipe)))
    except UserError:
        return False


def _try_out(recipe: Recipe, cells: Sequence[Cell], begun: Sequence[str]) -> None:
    """Build the networks that all else depends on, the teacher's and the student, before any is trained."""
    if not any(cell.role == "teacher" and cell.name in begun for cell in cells):
        entry = "teacher.size" if recipe.teacher.size else "data.size"
        for name in sorted(set(recipe.teacher.networks)):
            registry.try_out(name, recipe.teacher.weights, recipe.teacher_size, entry=entry)
    own = [cell for cell in cells if cell.recipe == recipe.student]
    if own and not any(cell.name in begun for cell in own):
        registry.create(recipe.student.model, 2, recipe.data.size, recipe.student.weights)


def _normalisation(recipe: Recipe) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """The mean and std that the teacher's first weights expect; all students share them."""
    own = read_info(Path(recipe.teacher.weights))
    if own is not None:
        return own.input.mean, own.input.std
    expected = {name: zoo.statistics(name, recipe.teacher.weights) for name in recipe.teacher.networks}
    if len(set(expected.values())) > 1:
        raise UserError(
            f"teacher.members {', '.join(expected)}: their weights expect different normalisations; "
            "choose members that share one"
        )
    return next(iter(expected.values()))


def _write_what_it_is(context: RunContext, hashes: Sequence[str], *, data: DataSummary, command: str) -> None:
    """Write recipe, split and manifest; a resumed run keeps its first command, environment and start."""
    folder, assigned = context.run, context.assigned
    write_text(folder.recipe, to_toml(context.recipe))
    write_split(folder.split, assigned.dataset.records, assigned.split, context.contents, hashes)
    manifest = RunManifest(
        recipe_name=context.recipe.name,
        command=command,
        data=data,
        environment=describe_environment(context.device),
        started=now(),
    )
    if folder.manifest.exists():
        first = read_json(folder.manifest, RunManifest)
        kept = {"command": first.command, "environment": first.environment, "started": first.started}
        manifest = manifest.model_copy(update=kept)
    write_json(folder.manifest, manifest)
