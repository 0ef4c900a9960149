"""What was run on what: the data, the recipe, the machine, as tables and sentences."""

from collections.abc import Mapping

from dermdistill.config import Recipe, TrainingRecipe
from dermdistill.inference.model_info import joint_architecture
from dermdistill.judgement.names import network_name
from dermdistill.records import MELANOMA, SPLIT_NAMES
from dermdistill.report import numbers
from dermdistill.report.read import ReportedRun
from dermdistill.report.table import Table, TableCell, TableRow, section, text
from dermdistill.runs import DataSummary

_SPLIT_WORDS = {"train": "training", "val": "validation", "test": "test"}


def data_sentence(data: DataSummary) -> str:
    """One sentence: which data, how many images and lesions, how split."""
    origin = (
        "drawn by the program"
        if data.synthetic
        else f"layout “{data.layout}”, read from {' and '.join(data.paths)}"
    )
    given = f", given by {data.split_file.path}" if data.split_file else ""
    return (
        f"{numbers.count(data.images)} images of {numbers.count(data.lesions)} lesions, {origin}. "
        f"All images of a lesion are in one split{given}. Digest of the split: {data.split_digest}."
    )


def tables(run: ReportedRun) -> tuple[Table, Table, Table]:
    """All of this module."""
    return data_table(run), recipe_table(run.files.recipe), environment_table(run)


def data_table(run: ReportedRun) -> Table:
    """Images per diagnosis and split, melanoma first, by source; then images and lesions in all."""
    data = run.files.manifest.data
    totals = _totals(data.counts)
    rows = [] if len(data.sources) > 1 else _diagnosis_rows(data.counts)
    if not rows:
        for source, counts in data.sources.items():
            rows += [section(source), *_diagnosis_rows(counts), _total_row("images", _totals(counts))]
        rows.append(section("All sources"))
    lesions = [run.judgement.lesions[split] for split in SPLIT_NAMES]
    return Table(
        name="data",
        caption="Images per diagnosis and split",
        columns=("diagnosis", *(_SPLIT_WORDS[split] for split in SPLIT_NAMES), "all"),
        rows=(*rows, _total_row("images", totals), _total_row("lesions", lesions)),
    )


def _totals(counts: Mapping[str, Mapping[str, int]]) -> list[int]:
    """Images of each split."""
    return [sum(counts.get(split, {}).values()) for split in SPLIT_NAMES]


def _diagnosis_rows(counts: Mapping[str, Mapping[str, int]]) -> list[TableRow]:
    by_split = [counts.get(split, {}) for split in SPLIT_NAMES]
    diagnoses = {name: [each.get(name, 0) for each in by_split] for each in by_split for name in each}
    ordered = sorted(diagnoses, key=lambda name: (name != MELANOMA, -sum(diagnoses[name]), name))
    return [_count_row(name, diagnoses[name], _totals(counts)) for name in ordered]


def _count_row(name: str, counts: list[int], totals: list[int]) -> TableRow:
    shares = zip((*counts, sum(counts)), (*totals, sum(totals)), strict=True)
    return TableRow(
        text(name), tuple(TableCell(numbers.count(n), numbers.percent(n, total)) for n, total in shares)
    )


def _total_row(name: str, counts: list[int]) -> TableRow:
    return TableRow(
        text(name), tuple(TableCell(numbers.count(n)) for n in (*counts, sum(counts))), quiet=True
    )


def recipe_table(recipe: Recipe) -> Table:
    """The recipe's main choices."""
    student, teacher = recipe.student, recipe.teacher
    networks = network_name(joint_architecture(teacher.networks))
    return _listing(
        "recipe",
        f"Recipe “{recipe.name}”",
        [
            ("input", _input(recipe)),
            ("target", "all diagnoses" if recipe.data.target == "diagnoses" else "melanoma or not"),
            ("teacher", f"{networks}, weights: {teacher.weights}; {_training(teacher)}"),
            ("students", f"{student.model}, weights: {student.weights}; {_training(student)}"),
            (
                "distillation",
                f"temperature {student.temperature:g}; {student.hard_weight:g} x hard labels + "
                f"{1 - student.hard_weight:g} x soft targets",
            ),
        ],
    )


def _input(recipe: Recipe) -> str:
    own, teacher = (f"{size} x {size} pixels" for size in (recipe.data.size, recipe.teacher_size))
    return own if own == teacher else f"{own}; of the teacher {teacher}"


def environment_table(run: ReportedRun) -> Table:
    """The command, the times and the machine."""
    manifest = run.files.manifest
    # A composed teacher's seconds are its members'.
    trained = sum(s.training_seconds for s in run.summaries.values() if not s.is_composed)
    return _listing(
        "environment",
        "How this run was made",
        [
            ("command", manifest.command),
            ("started", manifest.started),
            ("finished", manifest.finished or "not finished: the figures are of the models that were ready"),
            ("training, all models", numbers.duration(trained)),
            *sorted(manifest.environment.items()),
        ],
    )


def _listing(name: str, caption: str, entries: list[tuple[str, str]]) -> Table:
    rows = tuple(TableRow(text(entry), (text(value),)) for entry, value in entries)
    return Table(name=name, caption=caption, columns=(), rows=rows)


def _training(training: TrainingRecipe) -> str:
    cycles = f" in {training.cycles} cycles, their best weights averaged" if training.cycles > 1 else ""
    return (
        f"{training.epochs} epochs{cycles}, batch {training.batch_size}, {training.optimizer} at "
        f"{training.learning_rate:g}, {training.schedule} schedule, class weights: {training.class_weights}"
    )
