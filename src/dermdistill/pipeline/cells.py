"""One cell of a run: train one network with one objective and seed, score it, write its folder.

A cell is skipped when its folder holds a finished model of the same identity, the digest of all that shapes
it; so the same command resumes, and a changed recipe never mixes with old results.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from dermdistill import __version__
from dermdistill.config import ComparedNetwork, ObjectiveName, Recipe, StudentRecipe, TeacherRecipe
from dermdistill.data.augment import Augment
from dermdistill.data.images import InputSpec
from dermdistill.data.packed_hashes import pack
from dermdistill.data.perceptual_hash import from_hex
from dermdistill.data.split_file import read_split
from dermdistill.distillation import objectives
from dermdistill.distillation.objectives import Objective
from dermdistill.distillation.targets import class_weights
from dermdistill.distillation.teacher import FrozenTeacher
from dermdistill.errors import UserError
from dermdistill.evaluation.predictions import Predictions, tabulate, write_predictions
from dermdistill.evaluation.thresholds import operating_points, to_store
from dermdistill.inference.model_info import ModelInfo, joint_architecture
from dermdistill.inference.predictor import predict_in_batches
from dermdistill.json_files import read_json, write_json
from dermdistill.models import cost, zoo
from dermdistill.models.checkpoint import STUDENTS, build, load_weights, save_weights
from dermdistill.models.dermlet import Dermlet
from dermdistill.models.ensemble import Ensemble
from dermdistill.models.predictor import TorchPredictor
from dermdistill.pipeline.prepare import Assigned, Decoded
from dermdistill.runs import TEACHER_MEMBER, ModelFolder, ModelSummary, RunFolder
from dermdistill.training.engine import Trainer, TrainingData, TrainingResult
from dermdistill.training.reporter import Reporter
from dermdistill.training.resume import load_state


@dataclass(frozen=True, slots=True)
class Bench:
    """What all cells of a run share."""

    recipe: Recipe
    run: RunFolder
    assigned: Assigned
    images: Decoded
    spec: InputSpec
    device: torch.device


@dataclass(frozen=True, slots=True)
class Cell:
    """One model to train, or, where it has members, to compose of them."""

    name: str
    group: str
    role: Literal["teacher", "student"]
    objective: ObjectiveName
    seed: int
    recipe: TeacherRecipe | StudentRecipe
    members: tuple["Cell", ...] = ()

    @property
    def architecture(self) -> str:
        return joint_architecture([each.recipe.model for each in self.members or (self,)])

    @property
    def distils(self) -> bool:
        """Whether it learns from the run's teacher."""
        return self.role == "student" and self.objective != "labels"


def teacher_cells(recipe: Recipe) -> list[Cell]:
    """The teacher of a run, its members before it."""
    teacher = teacher_cell(recipe)
    return [*teacher.members, teacher]


def teacher_cell(recipe: Recipe) -> Cell:
    """The teacher of a run."""
    teacher = recipe.teacher
    members = _member_cells(teacher) if len(teacher.networks) > 1 else ()
    return Cell("teacher", "teacher", "teacher", "labels", teacher.seed, teacher, members)


def _member_cells(teacher: TeacherRecipe) -> tuple[Cell, ...]:
    """Each is the lone teacher of its seed but for the name of its folder."""
    alone = [
        teacher.model_copy(update={"model": network, "seed": seed, "members": 1})
        for seed, network in enumerate(teacher.networks, start=teacher.seed)
    ]
    return tuple(
        Cell(f"teacher-seed{one.seed}", TEACHER_MEMBER, "teacher", "labels", one.seed, one) for one in alone
    )


def student_cells(recipe: Recipe) -> list[Cell]:
    """The students of a run: every objective with every seed."""
    return [cell for objective in recipe.student.objectives for cell in _cells(recipe.student, objective)]


def compared_cells(recipe: Recipe) -> list[Cell]:
    """What a comparison adds: other networks as students, then the student with other T and batches."""
    if recipe.compare is None:
        return []
    student = recipe.student
    networks = [_in_place_of(student, network) for network in recipe.compare.networks]
    temperatures = [
        (f"T{t:g}", student.model_copy(update={"temperature": t}))
        for t in recipe.compare.temperatures
        if t != student.temperature
    ]
    batches = [
        (f"batch{n}", student.model_copy(update={"batch_size": n}))
        for n in recipe.compare.batch_sizes
        if n != student.batch_size
    ]
    return [
        *(cell for each in networks for objective in each.objectives for cell in _cells(each, objective)),
        *(cell for name, each in (*temperatures, *batches) for cell in _cells(each, "hinton", f"-{name}")),
    ]


def _cells(student: StudentRecipe, objective: ObjectiveName, suffix: str = "") -> list[Cell]:
    """One network with one objective: a cell a seed."""
    group = f"{student.model}-{objective}{suffix}"
    return [Cell(f"{group}-seed{seed}", group, "student", objective, seed, student) for seed in student.seeds]


def _in_place_of(student: StudentRecipe, network: ComparedNetwork) -> StudentRecipe:
    """The student's recipe with another network, and what that network says of its own training."""
    return student.model_copy(update=network.model_dump(exclude_none=True))


def refuse_other_results(cells: Sequence[Cell], bench: Bench) -> None:
    """Raise UserError where the run folder holds models that these cells would not make."""
    expected = {cell.name: _identity(cell, bench) for cell in cells}
    for path in sorted((bench.run.path / "models").glob("*")):
        if _found_identity(ModelFolder(path)) not in (None, expected.get(path.name)):
            raise UserError(
                f"{path}: a model of another recipe or other data; choose another --output or delete that "
                "folder"
            )


def _found_identity(folder: ModelFolder) -> str | None:
    """The identity of the finished or begun model in a folder; None where there is neither."""
    if folder.summary.exists():
        return read_json(folder.summary, ModelSummary).identity
    state = load_state(folder.checkpoint)
    return None if state is None else str(state["identity"])


def adopt(cells: Sequence[Cell], bench: Bench) -> None:
    """Give finished models their names in this run: a lone teacher may have been moved here as a member."""
    for cell in cells:
        folder = bench.run.model(cell.name)
        if not folder.summary.exists():
            continue
        found = read_json(folder.summary, ModelSummary)
        here = found.model_copy(update={"name": cell.name, "group": cell.group})
        if here != found:
            write_json(folder.summary, here)


def finish(cell: Cell, bench: Bench, reporter: Reporter) -> None:
    """Make, score and write one cell, unless its folder already holds it; see ``Trainer.fit`` for errors."""
    folder = bench.run.model(cell.name)
    identity = _identity(cell, bench)
    if folder.summary.exists():
        reporter.note(cell.name, "trained before")
        return
    if cell.members:
        network, result = _compose(cell, bench, folder)
    else:
        network, result = _train(cell, bench, folder, identity, reporter)
    info = _score(folder, bench)
    write_json(
        folder.summary,
        ModelSummary(
            name=cell.name,
            group=cell.group,
            role=cell.role,
            architecture=cell.architecture,
            objective=cell.objective,
            seed=cell.seed,
            identity=identity,
            input_size=info.input.size,
            parameters=cost.parameters(network),
            macs=cost.macs(network, info.input.size),
            weights_bytes=folder.weights.stat().st_size,
            epochs=result.epochs,
            kept_epochs=result.kept_epochs,
            training_seconds=result.seconds,
            first_weights=Path(cell.recipe.weights).name,
            batch_size=cell.recipe.batch_size,
            temperature=cell.recipe.temperature
            if isinstance(cell.recipe, StudentRecipe) and cell.distils
            else None,
            failure=result.failure,
        ),
    )
    # Only now is the checkpoint of no more use.
    folder.checkpoint.unlink(missing_ok=True)


def _compose(cell: Cell, bench: Bench, folder: ModelFolder) -> tuple[nn.Module, TrainingResult]:
    """Put the finished members into one weights file."""
    folders = [bench.run.model(member.name) for member in cell.members]
    loaded = [load_weights(member.weights) for member in folders]
    network = Ensemble(member for member, _ in loaded)
    info = replace(
        loaded[0][1], architecture=cell.architecture, thresholds=(), provenance=_provenance(cell, bench)
    )
    save_weights(folder.weights, network, info)
    summaries = [read_json(member.summary, ModelSummary) for member in folders]
    return network, TrainingResult(
        epochs=max(summary.epochs for summary in summaries),
        kept_epochs=(),
        seconds=sum(summary.training_seconds for summary in summaries),
        failure=None,
    )


def _train(
    cell: Cell, bench: Bench, folder: ModelFolder, identity: str, reporter: Reporter
) -> tuple[nn.Module, TrainingResult]:
    recipe, assigned = bench.recipe, bench.assigned
    train = replace(
        assigned.labelled(bench.images.pixels, "train"), balanced=recipe.data.balance == "source-and-class"
    )
    weights = class_weights(train.labels, len(assigned.classes), cell.recipe.class_weights)
    tensor = None if weights is None else torch.from_numpy(weights).to(bench.device)
    objective: Objective = (
        objectives.create(cell.objective, cell.recipe, training_images=len(train), class_weights=tensor)
        if isinstance(cell.recipe, StudentRecipe)
        else objectives.Labels(tensor)
    )
    info = ModelInfo(
        architecture=cell.architecture,
        classes=assigned.classes,
        input=bench.spec,
        output=objective.output,
        provenance=_provenance(cell, bench),
    )
    torch.manual_seed(cell.seed)
    network = untrained(cell, bench)
    teacher = (
        FrozenTeacher(load_weights(bench.run.model("teacher").weights)[0])
        if objective.needs_teacher
        else None
    )
    trainer = Trainer(
        network,
        info,
        objective=objective,
        teacher=teacher,
        recipe=cell.recipe,
        seed=cell.seed,
        device=bench.device,
        reporter=reporter,
    )
    data = TrainingData(train, assigned.labelled(bench.images.pixels, "val"), Augment(recipe.augment))
    return network, trainer.fit(data, folder, label=cell.name, identity=identity)


def untrained(cell: Cell, bench: Bench) -> nn.Module:
    """The network of a cell with its first weights.

    Raises:
        UserError: these weights cannot be had; see ``zoo.create``.
    """
    classes, weights = len(bench.assigned.classes), cell.recipe.weights
    if cell.architecture not in STUDENTS:
        return zoo.create(cell.architecture, classes, weights)
    network = build(cell.architecture, classes, bench.spec.size)
    if isinstance(network, Dermlet) and weights == "imagenet":
        network.start_from(zoo.create(zoo.LITE0, classes, "imagenet").backbone.state_dict())
    return network


def _score(folder: ModelFolder, bench: Bench) -> ModelInfo:
    """Predict validation and test images with the kept weights; store the thresholds inside the weights."""
    network, info = load_weights(folder.weights)
    predictions = score(TorchPredictor(network, info, bench.device), bench)
    info = replace(
        info,
        thresholds=to_store(operating_points(predictions.of_split("val"))),
        learned_from=learned_from(bench.run),
    )
    save_weights(folder.weights, network, info)
    write_predictions(folder.predictions, predictions)
    return info


def learned_from(run: RunFolder) -> str:
    """The packed hashes of a run's training and validation images, for the description of its models."""
    hashes = [row.hash for row in read_split(run.split) if row.split != "test" and row.hash]
    return pack(from_hex(hashes))


def score(predictor: TorchPredictor, bench: Bench) -> Predictions:
    """Predictions of the validation and test images."""
    rows = bench.assigned.rows("val", "test")
    probabilities = predict_in_batches(predictor, bench.images.pixels, rows)
    records = [bench.assigned.dataset.records[i] for i in rows]
    splits = [bench.assigned.split[i] for i in rows]
    return tabulate(records, splits, probabilities, predictor.info.classes)


def _provenance(cell: Cell, bench: Bench) -> dict[str, str]:
    dataset = bench.assigned.dataset
    return {
        "program": f"dermdistill {__version__}",
        "recipe": bench.recipe.name,
        "data": "SYNTHETIC images" if dataset.synthetic else dataset.layout,
        "split": bench.assigned.digest,
        "objective": cell.objective,
        "seed": str(cell.seed),
    }


def _identity(cell: Cell, bench: Bench) -> str:
    if cell.members:
        return _digest([_identity(member, bench) for member in cell.members])
    recipe = bench.recipe
    first_weights = Path(cell.recipe.weights)
    shaping = {
        # A teacher and a member are the same training, so the one may be moved into the other's folder.
        "cell": [
            "teacher" if cell.role == "teacher" else cell.name,
            cell.architecture,
            cell.objective,
            cell.seed,
        ],
        "recipe": {k: v for k, v in cell.recipe.shaping().items() if k not in ("objectives", "seeds")},
        "augment": recipe.augment.shaping(),
        "input": bench.spec.to_dict(),
        "classes": bench.assigned.classes,
        "split": bench.assigned.digest,
        "pixels": bench.images.key,
        "teacher": _identity(teacher_cell(recipe), bench) if cell.distils else None,
        "weights": hashlib.sha256(first_weights.read_bytes()).hexdigest()
        if first_weights.is_file()
        else None,
    }
    if recipe.data.balance != "none":
        shaping["balance"] = recipe.data.balance
    if cell.recipe.cycles > 1:
        # Before cycles were averaged the best epoch of all was kept.
        shaping["kept"] = "average"
    return _digest(shaping)


def _digest(shaping: object) -> str:
    return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()[:16]
