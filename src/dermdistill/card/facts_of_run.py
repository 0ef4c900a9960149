"""What a run folder says of how its model was made."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePath

from dermdistill.card.recorded import Fact, shares, without_folders
from dermdistill.card.subject import JudgedRun
from dermdistill.config import AugmentRecipe, Recipe, TrainingRecipe
from dermdistill.records import MELANOMA, SPLIT_NAMES
from dermdistill.runs import DataSummary, ModelSummary

Facts = Iterator[tuple[str, Fact]]

_SPLIT_WORDS = {"train": "training", "val": "validation", "test": "test"}
_ENVIRONMENT = ("dermdistill", "python", "torch", "timm", "numpy", "platform", "device")


def run_facts(run: JudgedRun) -> Facts:
    """From ``run.json``, ``recipe.toml`` and the model's ``model.json``."""
    data, recipe, summary = run.files.manifest.data, run.files.recipe, run.summary
    of_model = f"models/{summary.name}/model.json"
    yield "objectives", Fact(_objective(run), "run.json `command`, `data`; recipe.toml")
    yield from _data(data, run.files.lesions)
    yield from _partitions(data, recipe)
    yield from _network(summary, of_model)
    yield from _training(summary, recipe, of_model)
    yield "models", Fact(_models(run), "judgement.json `models`")
    yield "recipe", Fact(f"Every choice of the run is in recipe.toml (recipe {recipe.name}).", "recipe.toml")
    known = run.files.manifest.environment
    versions = ", ".join(f"{name} {known[name]}" for name in _ENVIRONMENT if name in known)
    yield "software", Fact(f"{versions}.", "run.json `environment`")


def _objective(run: JudgedRun) -> str:
    what = "Development and internal evaluation of a diagnostic prediction model for melanoma"
    if run.summary.role == "teacher":
        return f"{what}."
    return f"{what}: a student network, trained with the objective {run.summary.objective}."


def _models(run: JudgedRun) -> str:
    names = [name for group in run.judgement.groups.values() for name in group.models]
    return f"{len(names)} models were trained and evaluated in this run: {', '.join(names)}."


def _data(data: DataSummary, lesions: Mapping[str, int]) -> Facts:
    if data.synthetic:
        origin = "Procedural images, drawn by the program: they say nothing about patients"
    else:
        origin = f"Layout {data.layout}, read from {' and '.join(PurePath(path).name for path in data.paths)}"
    yield (
        "training_data",
        Fact(f"{origin}: {data.images:,} images of {data.lesions:,} lesions.", "run.json `data`"),
    )
    numbers = "; ".join(
        f"{_SPLIT_WORDS[split]}: {sum(of_split.values()):,} images of {lesions.get(split, 0):,} lesions, "
        f"{of_split.get(MELANOMA, 0):,} melanomas"
        for split in SPLIT_NAMES
        if (of_split := data.counts.get(split))
    )
    yield "numbers", Fact(f"{numbers.capitalize()}.", "run.json `data.counts`; split.csv")
    diagnoses: Counter[str] = Counter()
    for of_split in data.counts.values():
        diagnoses.update(of_split)
    by_source = {
        name: sum(sum(of_split.values()) for of_split in splits.values())
        for name, splits in data.sources.items()
    }
    stated = f"Images by diagnosis: {shares(diagnoses)}."
    if len(by_source) > 1:
        stated += f" By source: {shares(by_source)}."
    yield "sources", Fact(stated, "run.json `data.counts`, `data.sources`")
    notes = [without_folders(text, data.paths) for text in data.notes]
    left_out = " ".join(f"{text.rstrip('.')}." for text in notes)
    yield (
        "left_out",
        Fact(
            left_out or "No image was left out when the program read the data.",
            "run.json `data.notes`",
        ),
    )


def _partitions(data: DataSummary, recipe: Recipe) -> Facts:
    if data.split_file is not None:
        how = f"By the user's file {PurePath(data.split_file.path).name}"
        where = "run.json `data.split_file`"
    else:
        given = ", ".join(f"{100 * share:g} %" for share in recipe.data.fractions)
        how = (
            f"As the data set itself divides its images where it does; else at random, stratified by "
            f"diagnosis, into {given} (training, validation, test; seed {recipe.data.split_seed})"
        )
        where = "recipe.toml `data.fractions`, `data.split_seed`"
    yield (
        "splits",
        Fact(f"{how}. Digest of the split: {data.split_digest}.", f"{where}; run.json `data.split_digest`"),
    )
    yield (
        "disjoint",
        Fact(
            "All images of a lesion, and of a patient where the data name patients, are in one partition; "
            "copies count as one lesion.",
            "split.csv `lesion_id`, `split`",
        ),
    )
    yield (
        "internal_validation",
        Fact(
            "Internal validation is by a split of the data: test images take no part in training, in the "
            "choice of weights or in that of thresholds.",
            "split.csv `split`",
        ),
    )


def _network(summary: ModelSummary, where: str) -> Facts:
    yield (
        "network",
        Fact(
            f"Neural network `{summary.architecture}`: {summary.parameters:,} parameters, "
            f"{summary.macs / 1e6:,.0f} million multiply-accumulates at {summary.input_size} x "
            f"{summary.input_size} px.",
            f"{where} `architecture`, `parameters`, `macs`",
        ),
    )
    if summary.first_weights is not None:
        weights = "random" if summary.first_weights == "none" else summary.first_weights
        yield (
            "first_weights",
            Fact(f"First weights: {weights}; seed {summary.seed}.", f"{where} `first_weights`"),
        )


def _training(summary: ModelSummary, recipe: Recipe, where: str) -> Facts:
    training: TrainingRecipe = recipe.teacher if summary.role == "teacher" else recipe.student
    section = "teacher" if summary.role == "teacher" else "student"
    batches = "" if summary.batch_size is None else f", batches of {summary.batch_size}"
    distilled = "" if summary.temperature is None else f", temperature {summary.temperature:g}"
    yield (
        "training",
        Fact(
            f"Objective {summary.objective}{distilled}; {summary.epochs} epochs{batches}, "
            f"{training.optimizer} at {training.learning_rate:g}, weight decay {training.weight_decay:g}, "
            f"{training.schedule} schedule; seed {summary.seed}.",
            f"{where}; recipe.toml `{section}`",
        ),
    )
    yield "augmentation", Fact(_augmentation(recipe.augment), "recipe.toml `augment`")
    kept = ", ".join(map(str, summary.kept_epochs))
    if kept:
        what = (
            "the average of the weights of epochs" if len(summary.kept_epochs) > 1 else "the weights of epoch"
        )
        yield (
            "selection",
            Fact(f"Kept are {what} {kept}, the best on the validation images.", f"{where} `kept_epochs`"),
        )
    yield (
        "imbalance",
        Fact(
            "No method against class imbalance was used."
            if training.class_weights == "none"
            else f"Class weights in the loss: {training.class_weights}.",
            f"recipe.toml `{section}.class_weights`",
        ),
    )


def _augmentation(augment: AugmentRecipe) -> str:
    entries = augment.model_dump()
    used = [
        name if value is True else f"{name} {value:g}"
        for name, value in entries.items()
        if value not in (0, False)
    ]
    return f"Random changes of training images: {', '.join(used) or 'none'}."
