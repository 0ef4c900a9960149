"""Whether a run folder that is used again is of the same recipe and images.

The exact answer is each model's identity (see ``plan``); it needs the decoded images, and cannot say what
differs. So recipe and split are compared before any image is decoded.
"""

from collections.abc import Iterable, Mapping, Sequence

from dermdistill.config import Recipe, TrainingRecipe, load_recipe
from dermdistill.errors import UserError
from dermdistill.json_files import read_json, write_json
from dermdistill.pipeline.assigned import Assigned
from dermdistill.pipeline.plan import Cell, Plan, compared_cells, student_cells, teacher_cell, teacher_cells
from dermdistill.runs import ModelFolder, ModelSummary, RunFolder, RunManifest
from dermdistill.training.resume import load_state

RecipeEntries = Mapping[str, object]
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
    names = begun(run)
    if not names or not run.recipe.exists():
        return
    before = load_recipe(str(run.recipe))
    old = {
        cell.name: cell for cell in (*teacher_cells(before), *student_cells(before), *compared_cells(before))
    }
    new = {cell.name: cell for cell in cells}
    for name in (name for name in old if name in names):
        where = run.model(name).path
        if name not in new:
            changes = _changes(_flat(before), _flat(recipe), only=_CHOOSES_MODELS)
            reason = changes or "this command makes no such model"
            raise UserError(f"{where}: a model of another recipe ({reason}); {_WAY_OUT}")
        named = "teacher.size" if before.teacher.size or recipe.teacher.size else "data.size"
        changes = _changes(
            _shaping(old[name], before, size_of_teacher=named, synthetic=synthetic),
            _shaping(new[name], recipe, size_of_teacher=named, synthetic=synthetic),
        )
        if changes:
            raise UserError(f"{where}: a model of another recipe ({changes}); {_WAY_OUT}")


def refuse_other_images(recipe: Recipe, assigned: Assigned, run: RunFolder) -> None:
    """Raise UserError where the models begun here learned from other images, or another split of them."""
    if not begun(run) or not run.manifest.exists():
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


def refuse_other_results(plan: Plan, run: RunFolder) -> None:
    """Raise UserError where the run folder holds models that this plan would not make."""
    for path in sorted((run.path / "models").glob("*")):
        if _found_identity(ModelFolder(path)) not in (None, plan.identities.get(path.name)):
            raise UserError(f"{path}: a model of another recipe or other data; {_WAY_OUT}")


def adopt(plan: Plan, run: RunFolder) -> None:
    """Give finished models their names in this run: a lone teacher may have been moved here as a member."""
    for cell in plan.cells:
        folder = run.model(cell.name)
        if not folder.summary.exists():
            continue
        found = read_json(folder.summary, ModelSummary)
        here = found.model_copy(update={"name": cell.name, "group": cell.group})
        if here != found:
            write_json(folder.summary, here)


def _found_identity(folder: ModelFolder) -> str | None:
    """The identity of the finished or begun model in a folder; None where there is neither."""
    if folder.summary.exists():
        return read_json(folder.summary, ModelSummary).identity
    state = load_state(folder.checkpoint)
    return None if state is None else str(state["identity"])


def begun(run: RunFolder) -> list[str]:
    """Names of the models that are finished or begun."""
    folders = map(ModelFolder, sorted((run.path / "models").glob("*")))
    return [each.path.name for each in folders if each.summary.exists() or each.checkpoint.exists()]


def _shaping(cell: Cell, recipe: Recipe, *, size_of_teacher: str, synthetic: bool) -> RecipeEntries:
    """The entries that shape a model, apart from those that only may change the split.

    Training images are changed at the teacher's size, whoever sees them; ``size_of_teacher`` is the entry
    that says it.
    """
    sections = {
        _section(cell, recipe): _own(cell.recipe),
        "augment": recipe.augment.model_dump(mode="json"),
        "data": recipe.data.model_dump(mode="json", include={"target"}),
    }
    if synthetic:
        sections["synthetic"] = recipe.synthetic.model_dump(mode="json")
    if cell.distils:
        sections["teacher"] = _own(teacher_cell(recipe).recipe)
    own = {"data.size": recipe.data.size} if cell.role == "student" else {}
    return {**own, size_of_teacher: recipe.teacher_size, **_dotted(sections)}


def _own(recipe: TrainingRecipe) -> dict[str, object]:
    return recipe.model_dump(mode="json", exclude={"objectives", "seeds", "size", *recipe.resources})


def _section(cell: Cell, recipe: Recipe) -> str:
    if cell.role == "teacher":
        return "teacher"
    return "student" if cell.recipe.model == recipe.student.model else f"compare.networks {cell.recipe.model}"


def _flat(recipe: Recipe) -> RecipeEntries:
    content = recipe.model_dump(mode="json", exclude={"name"})
    return _dotted({name: entries or {} for name, entries in content.items()})


def _dotted(sections: Mapping[str, Mapping[str, object]]) -> RecipeEntries:
    return {f"{name}.{key}": value for name, entries in sections.items() for key, value in entries.items()}


def _changes(before: RecipeEntries, now: RecipeEntries, *, only: tuple[str, ...] = ("",)) -> str:
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
