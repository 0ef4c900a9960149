"""Whether a run folder that is used again is of the same recipe and images, before any image is decoded.

The exact answer is each model's identity (see ``cells``); it needs the decoded images, and cannot say what
differs.
"""

from collections.abc import Iterable, Mapping, Sequence

from dermdistill.config import Recipe, load_recipe
from dermdistill.errors import UserError
from dermdistill.json_files import read_json
from dermdistill.pipeline.cells import Cell, compared_cells, student_cells, teacher_cell, teacher_cells
from dermdistill.pipeline.prepare import Assigned
from dermdistill.runs import ModelFolder, RunFolder, RunManifest

Entries = Mapping[str, object]
"""Values of a recipe by dotted key, such as ``student.epochs``."""

_SHOWN = 5
_WAY_OUT = "choose another --output or delete that folder"
_CHOOSES_MODELS = ("teacher.", "student.", "compare.")


def refuse_other_recipe(recipe: Recipe, cells: Sequence[Cell], run: RunFolder, *, synthetic: bool) -> None:
    """Raise UserError, naming the entries, where a model was begun here with other entries of the recipe.

    Models that were copied here are left to the exact check.

    Args:
        recipe: of this command.
        cells: what it will make.
        run: the folder.
        synthetic: whether the images are procedural, so that the recipe shapes them too.
    """
    begun = _begun(run)
    if not begun or not run.recipe.exists():
        return
    before = load_recipe(str(run.recipe))
    old = {
        cell.name: cell for cell in (*teacher_cells(before), *student_cells(before), *compared_cells(before))
    }
    new = {cell.name: cell for cell in cells}
    for name in (name for name in old if name in begun):
        where = run.model(name).path
        if name not in new:
            changes = _changes(_flat(before), _flat(recipe), only=_CHOOSES_MODELS)
            reason = changes or "this command makes no such model"
            raise UserError(f"{where}: a model of another recipe ({reason}); {_WAY_OUT}")
        changes = _changes(
            _shaping(old[name], before, synthetic=synthetic), _shaping(new[name], recipe, synthetic=synthetic)
        )
        if changes:
            raise UserError(f"{where}: a model of another recipe ({changes}); {_WAY_OUT}")


def refuse_other_images(recipe: Recipe, assigned: Assigned, run: RunFolder) -> None:
    """Raise UserError where the models begun here learned from other images, or another split of them."""
    if not _begun(run) or not run.manifest.exists():
        return
    before = read_json(run.manifest, RunManifest).data
    if before.split_digest == assigned.digest:
        return
    now = len(assigned.dataset.records)
    reason = f"{before.images} images then, {now} now"
    if before.images == now:
        reason = _changes(_flat(load_recipe(str(run.recipe))), _flat(recipe), only=("data.",)) or (
            "as many images, but not the same"
        )
    raise UserError(f"{run.path}: holds models of other images or another split ({reason}); {_WAY_OUT}")


def _begun(run: RunFolder) -> list[str]:
    """Names of the models that are finished or begun."""
    folders = map(ModelFolder, sorted((run.path / "models").glob("*")))
    return [each.path.name for each in folders if each.summary.exists() or each.checkpoint.exists()]


def _shaping(cell: Cell, recipe: Recipe, *, synthetic: bool) -> Entries:
    """The entries that shape a model, apart from those that only may change the split."""
    sections = {
        _section(cell, recipe): cell.recipe.model_dump(mode="json", exclude={"objectives", "seeds"}),
        "augment": recipe.augment.model_dump(mode="json"),
        "data": recipe.data.model_dump(mode="json", include={"size", "target", "balance"}),
    }
    if synthetic:
        sections["synthetic"] = recipe.synthetic.model_dump(mode="json")
    if cell.distils:
        sections["teacher"] = teacher_cell(recipe).recipe.model_dump(mode="json")
    return _dotted(sections)


def _section(cell: Cell, recipe: Recipe) -> str:
    if cell.role == "teacher":
        return "teacher"
    return "student" if cell.recipe.model == recipe.student.model else f"compare.networks {cell.recipe.model}"


def _flat(recipe: Recipe) -> Entries:
    content = recipe.model_dump(mode="json", exclude={"name"})
    return _dotted({name: entries or {} for name, entries in content.items()})


def _dotted(sections: Mapping[str, Mapping[str, object]]) -> Entries:
    return {f"{name}.{key}": value for name, entries in sections.items() for key, value in entries.items()}


def _changes(before: Entries, now: Entries, *, only: tuple[str, ...] = ("",)) -> str:
    """The entries that differ, as ``student.epochs: 10 -> 20``; nothing where none does."""
    keys: Iterable[str] = (*before, *(key for key in now if key not in before))
    changed = [
        f"{key}: {_short(before.get(key))} -> {_short(now.get(key))}"
        for key in keys
        if key.startswith(only) and before.get(key) != now.get(key)
    ]
    others = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
    return ", ".join(changed[:_SHOWN]) + others


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
