"""The files of a run folder but for weights and tables: read and checked, or one line that names the file."""

from dataclasses import dataclass
from pathlib import Path

from dermdistill.benchmark.measurements import Benchmark
from dermdistill.config import Recipe, load_recipe
from dermdistill.data.split_file import read_split
from dermdistill.errors import UserError
from dermdistill.json_files import read_json
from dermdistill.records import SPLIT_NAMES
from dermdistill.runs import ModelFolder, ModelSummary, RunFolder, RunManifest


@dataclass(frozen=True, slots=True)
class RunFiles:
    """What a run folder says of itself.

    Attributes:
        recipe, recipe_text: what ``recipe.toml`` says.
        lesions: the number of lesions in each split.
        models: folder and summary of the finished ones, the teacher first.
        unfinished: names of the other model folders.
        benchmark: what was measured of a comparison's networks; None where nothing was.
        failed: models that could not be trained, with the reason.
    """

    run: RunFolder
    manifest: RunManifest
    recipe: Recipe
    recipe_text: str
    lesions: dict[str, int]
    models: tuple[tuple[ModelFolder, ModelSummary], ...]
    unfinished: tuple[str, ...]
    benchmark: Benchmark | None
    failed: dict[str, str]

    @property
    def is_comparison(self) -> bool:
        """Whether the folder holds anything that only a comparison makes.

        A recipe may have a section ``compare`` and yet be run without it.
        """
        student = self.recipe.student
        own = {f"{student.model}-{objective}" for objective in student.objectives}
        students = {summary.group for _, summary in self.models if summary.role == "student"}
        return self.recipe.compare is not None and bool(self.benchmark or self.failed or students - own)


def read_run_files(run: RunFolder) -> RunFiles:
    """Read them.

    Raises:
        UserError: not a run folder, no finished model in it, or a file that is missing or damaged.
    """
    if not run.manifest.exists() and not run.recipe.exists():
        raise UserError(f"{run.path}: not a run folder; give one that `run` or `compare` wrote")
    manifest = read_json(run.manifest, RunManifest)
    recipe_text = read_text(run.recipe)
    recipe = load_recipe(str(run.recipe))
    # An emptied recipe would be read as one of defaults.
    if recipe.name != manifest.recipe_name:
        raise damaged(run.recipe, f"its name is {recipe.name!r}, in run.json {manifest.recipe_name!r}")
    folders = run.models()
    if not folders:
        raise UserError(
            f"{run.path}: no model in this run is finished; let `dermdistill run` end, then report"
        )
    finished = {folder.path.name for folder in folders}
    failed = read_json(run.failed, dict[str, str]) if run.failed.exists() else {}
    return RunFiles(
        run=run,
        manifest=manifest,
        recipe=recipe,
        recipe_text=recipe_text,
        lesions=_lesions_per_split(run.split),
        models=tuple((folder, read_json(folder.summary, ModelSummary)) for folder in folders),
        unfinished=tuple(
            path.name
            for path in sorted((run.path / "models").iterdir())
            if path.is_dir() and path.name not in finished and path.name not in failed
        ),
        benchmark=read_json(run.benchmark, Benchmark) if run.benchmark.exists() else None,
        failed=failed,
    )


def read_text(path: Path) -> str:
    """A text file of the folder."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(
            f"{path}: missing from the run folder; let `dermdistill run` end, then report"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise damaged(path, str(error)) from None


def damaged(path: Path, what: str) -> UserError:
    """The error of a file that this program wrote and cannot read."""
    return UserError(f"{path}: damaged ({' '.join(what.split())}); run `dermdistill run` again to rewrite it")


def _lesions_per_split(path: Path) -> dict[str, int]:
    lesions: dict[str, set[str]] = {name: set() for name in SPLIT_NAMES}
    for image in read_split(path):
        lesions[image.split].add(image.lesion_id)
    return {name: len(ids) for name, ids in lesions.items()}
