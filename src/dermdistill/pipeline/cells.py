"""Execute one cell of a plan: train or compose the model, score it, write its folder."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from dermdistill import __version__
from dermdistill.config import StudentRecipe
from dermdistill.data.augment import Augment
from dermdistill.data.packed_hashes import pack_hashes
from dermdistill.data.perceptual_hash import from_hex
from dermdistill.data.split_file import read_split
from dermdistill.distillation.hard_labels import HardLabels
from dermdistill.distillation.objective import Objective
from dermdistill.distillation.objectives import OBJECTIVES
from dermdistill.distillation.targets import class_weights
from dermdistill.distillation.teacher import FrozenTeacher
from dermdistill.evaluation.predictions import Predictions, tabulate, write_predictions
from dermdistill.evaluation.thresholds import operating_points, to_store
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.predictor import predict_in_batches
from dermdistill.json_files import read_json, write_json
from dermdistill.models import cost, registry
from dermdistill.models.checkpoint import load_weights, save_weights
from dermdistill.models.ensemble import Ensemble
from dermdistill.models.torch_predictor import TorchPredictor
from dermdistill.pipeline.plan import Cell, Plan, RunContext
from dermdistill.pipeline.teacher_logits import logits_of_views
from dermdistill.runs import ModelSummary, RunFolder
from dermdistill.training.engine import TrainingData, TrainingResult
from dermdistill.training.job import Job
from dermdistill.training.reporter import Reporter


def finish(cell: Cell, plan: Plan, context: RunContext, reporter: Reporter) -> None:
    """Make, score and write one cell, whose needs are finished.

    Killed at any moment and called again, it goes on from the last epoch. A folder that has a summary is
    finished; a teacher's answers to the views come after it, and a student asks for those that are missing.

    Raises:
        UserError: see ``Trainer.fit`` and ``registry.create``.
    """
    folder = context.run.model(cell.name)
    identity = plan.identities[cell.name]
    if cell.members:
        network, info, result = _compose(cell, context)
    else:
        network, info, result = _train(cell, context, identity, reporter)
    if isinstance(cell.recipe, StudentRecipe):
        info = replace(info, input=replace(info.input, smoothed=cell.recipe.smoothed))
    predictions = _score(TorchPredictor(network, info, context.device), context)
    info = replace(
        info,
        thresholds=to_store(operating_points(predictions.of_split("val"))),
        learned_from=_learned_from(context.run),
    )
    save_weights(folder.weights, network, info)
    write_predictions(folder.predictions, predictions)
    distilled = cell.recipe if isinstance(cell.recipe, StudentRecipe) and cell.distils else None
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
            temperature=None if distilled is None else distilled.temperature,
            failure=result.failure,
        ),
    )
    folder.checkpoint.unlink(missing_ok=True)
    if context.views is not None and plan.teaches(cell):
        # Here, so that students on other machines find the answers among its files.
        logits_of_views(folder, context.views, context.device)


def _compose(cell: Cell, context: RunContext) -> tuple[nn.Module, ModelInfo, TrainingResult]:
    """The finished members as one network."""
    folders = [context.run.model(member.name) for member in cell.members]
    loaded = [load_weights(member.weights) for member in folders]
    info = replace(
        loaded[0][1], architecture=cell.architecture, thresholds=(), provenance=_provenance(cell, context)
    )
    summaries = [read_json(member.summary, ModelSummary) for member in folders]
    result = TrainingResult(
        epochs=max(summary.epochs for summary in summaries),
        kept_epochs=(),
        seconds=sum(summary.training_seconds for summary in summaries),
        failure=None,
    )
    return Ensemble(network for network, _ in loaded), info, result


def _train(
    cell: Cell, context: RunContext, identity: str, reporter: Reporter
) -> tuple[nn.Module, ModelInfo, TrainingResult]:
    assigned, spec = context.assigned, context.input_of(cell)
    train = assigned.labelled(context.images[context.recipe.teacher_size].pixels, "train")
    weights = class_weights(train.labels, len(assigned.classes), cell.recipe.class_weights)
    objective = _objective(
        cell, len(train), None if weights is None else torch.from_numpy(weights).to(context.device)
    )
    info = ModelInfo(
        architecture=cell.architecture,
        classes=assigned.classes,
        input=spec,
        output=objective.output,
        provenance=_provenance(cell, context),
    )
    torch.manual_seed(cell.seed)
    network = registry.create(cell.architecture, len(assigned.classes), spec.size, cell.recipe.weights)
    views = context.views
    teacher, teacher_logits = None, None
    if cell.distils and views is not None:
        teacher_logits = logits_of_views(context.run.model("teacher"), views, context.device)
    elif cell.distils:
        teacher = FrozenTeacher(load_weights(context.run.model("teacher").weights)[0])
    job = Job(
        network,
        info,
        objective,
        teacher,
        recipe=cell.recipe,
        seed=cell.seed,
        data=TrainingData(
            train,
            assigned.labelled(context.images[spec.size].pixels, "val"),
            Augment(context.recipe.augment),
            views,
            teacher_logits,
        ),
        label=cell.name,
        identity=identity,
    )
    result = job.train(context.run.model(cell.name), context.device, reporter, context.ranks)
    return network, info, result


def _objective(cell: Cell, training_images: int, weights: torch.Tensor | None) -> Objective:
    if not isinstance(cell.recipe, StudentRecipe):
        return HardLabels(weights)
    return OBJECTIVES[cell.objective].of(cell.recipe, training_images=training_images, class_weights=weights)


def _score(predictor: TorchPredictor, context: RunContext) -> Predictions:
    """Predictions of the validation and test images."""
    assigned = context.assigned
    rows = assigned.rows("val", "test")
    pixels = context.images[predictor.info.input.size].pixels
    probabilities = predict_in_batches(predictor, pixels, rows)
    records = [assigned.dataset.records[i] for i in rows]
    return tabulate(records, [assigned.split[i] for i in rows], probabilities, predictor.info.classes)


def _learned_from(run: RunFolder) -> str:
    """The packed hashes of a run's training and validation images, for the description of its models."""
    hashes = [row.hash for row in read_split(run.split) if row.split != "test" and row.hash]
    return pack_hashes(from_hex(hashes))


def _provenance(cell: Cell, context: RunContext) -> dict[str, str]:
    dataset = context.assigned.dataset
    return {
        "program": f"dermdistill {__version__}",
        "recipe": context.recipe.name,
        "data": "SYNTHETIC images" if dataset.synthetic else dataset.layout,
        "split": context.assigned.digest,
        "objective": cell.objective,
        "seed": str(cell.seed),
    }
