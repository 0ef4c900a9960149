"""Read a run folder: every file that the report needs, checked, or one line that names the file at fault."""

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dermdistill.benchmark.results import Benchmark
from dermdistill.config import Recipe, load_recipe
from dermdistill.data.split_file import read_split
from dermdistill.errors import UserError
from dermdistill.evaluation.predictions import Predictions, aligned, read_predictions
from dermdistill.evaluation.results import Comparison, Evaluation
from dermdistill.json_files import read_json
from dermdistill.records import SPLIT_NAMES
from dermdistill.runs import ModelFolder, ModelSummary, RunFolder, RunManifest


@dataclass(frozen=True, slots=True)
class History:
    """What training wrote of each epoch, none for a composed teacher; NaN where a figure was undefined."""

    epoch: tuple[int, ...]
    train_loss: tuple[float, ...]
    val_auc: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ModelResults:
    """All that one model folder says, but for its weights."""

    folder: ModelFolder
    summary: ModelSummary
    evaluation: Evaluation
    history: History
    test: Predictions


@dataclass(frozen=True, slots=True)
class RunResults:
    """All that a run folder says.

    Attributes:
        recipe, recipe_text: what ``recipe.toml`` says.
        lesions: the number of lesions in each split.
        models: the finished ones, the teacher first; their test rows are in one order.
        unfinished: names of model folders without figures.
        benchmark: what was measured of a comparison's networks; None where nothing was.
        failed: models that could not be trained, with the reason.
    """

    manifest: RunManifest
    recipe: Recipe
    recipe_text: str
    lesions: dict[str, int]
    models: tuple[ModelResults, ...]
    comparisons: tuple[Comparison, ...]
    unfinished: tuple[str, ...]
    benchmark: Benchmark | None
    failed: dict[str, str]


def read_run(run: RunFolder) -> RunResults:
    """Read everything in ``run`` that a report shows.

    Raises:
        UserError: not a run folder, no finished model in it, or a file that is missing or damaged.
    """
    if not run.manifest.exists() and not run.recipe.exists():
        raise UserError(f"{run.path}: not a run folder; give one that `run` or `compare` wrote")
    manifest = read_json(run.manifest, RunManifest)
    recipe_text = _read_text(run.recipe)
    recipe = load_recipe(str(run.recipe))
    # An emptied recipe would be read as one of defaults.
    if recipe.name != manifest.recipe_name:
        raise _damaged(run.recipe, f"its name is {recipe.name!r}, in run.json {manifest.recipe_name!r}")
    folders = run.models()
    if not folders:
        raise UserError(
            f"{run.path}: no model in this run is finished; let `dermdistill run` end, then report"
        )
    models = tuple(_read_model_folder(folder) for folder in folders)
    # All later figures pair the models image by image.
    tests = aligned([(str(model.folder.predictions), model.test) for model in models])
    finished = {folder.path.name for folder in folders}
    failed = read_json(run.failed, dict[str, str]) if run.failed.exists() else {}
    return RunResults(
        manifest=manifest,
        recipe=recipe,
        recipe_text=recipe_text,
        lesions=_lesions_per_split(run.split),
        models=tuple(replace(model, test=test) for model, test in zip(models, tests, strict=True)),
        comparisons=tuple(read_json(run.comparisons, list[Comparison])),
        unfinished=tuple(
            path.name
            for path in sorted((run.path / "models").iterdir())
            if path.is_dir() and path.name not in finished and path.name not in failed
        ),
        benchmark=read_json(run.benchmark, Benchmark) if run.benchmark.exists() else None,
        failed=failed,
    )


def _read_model_folder(folder: ModelFolder) -> ModelResults:
    summary = read_json(folder.summary, ModelSummary)
    return ModelResults(
        folder=folder,
        summary=summary,
        evaluation=read_json(folder.metrics, Evaluation),
        history=History((), (), ()) if summary.is_composed else _read_history(folder.history),
        test=_read_test(folder.predictions),
    )


def _read_test(path: Path) -> Predictions:
    test = read_predictions(path).of_split("test")
    if not len(test):
        raise _damaged(path, "no row of the test split")
    return test


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(
            f"{path}: missing from the run folder; let `dermdistill run` end, then report"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from None


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, row) of a CSV that has ``columns`` and is filled in them."""
    try:
        rows = csv.DictReader(io.StringIO(_read_text(path), newline=""), strict=True)
        missing = [name for name in columns if name not in (rows.fieldnames or ())]
        if missing:
            raise _damaged(path, f"column {missing[0]!r} is missing")
        for line, row in enumerate(rows, start=2):
            if any(row[name] is None for name in columns):
                raise _damaged(path, f"line {line} is cut short")
            yield line, row
    except csv.Error as error:
        raise _damaged(path, str(error)) from None


def _read_history(path: Path) -> History:
    epochs, losses, aucs = [], [], []
    for line, row in _rows(path, ("epoch", "train_loss", "val_auc")):
        try:
            epochs.append(int(float(row["epoch"])))
            losses.append(_number(row["train_loss"]))
            aucs.append(_number(row["val_auc"]))
        except (ValueError, OverflowError) as error:
            raise _damaged(path, f"line {line}: {error}") from None
    if not epochs:
        raise _damaged(path, "no epoch")
    return History(tuple(epochs), tuple(losses), tuple(aucs))


def _number(text: str) -> float:
    return float(text) if text else math.nan


def _lesions_per_split(path: Path) -> dict[str, int]:
    lesions: dict[str, set[str]] = {name: set() for name in SPLIT_NAMES}
    for image in read_split(path):
        lesions[image.split].add(image.lesion_id)
    return {name: len(ids) for name, ids in lesions.items()}


def _damaged(path: Path, what: str) -> UserError:
    return UserError(f"{path}: damaged ({' '.join(what.split())}); run `dermdistill run` again to rewrite it")
