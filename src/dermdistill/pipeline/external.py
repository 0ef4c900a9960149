"""Judge trained models on any data the program reads: external validation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from dermdistill.config import SyntheticRecipe
from dermdistill.data.splits import read_split
from dermdistill.errors import UserError
from dermdistill.evaluation.evaluate import evaluate
from dermdistill.evaluation.results import Evaluation, OperatingPoint, write_json
from dermdistill.files import check_writable
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.predictions import tabulate, write_predictions
from dermdistill.inference.predictor import predict_in_batches
from dermdistill.models.checkpoint import load_weights
from dermdistill.models.predictor import TorchPredictor
from dermdistill.pipeline.prepare import decode, open_data
from dermdistill.records import Record
from dermdistill.runs import ModelFolder, RunFolder


@dataclass(frozen=True, slots=True)
class Judged:
    """What an evaluation wrote, and its figures by model name."""

    out: Path
    results: dict[str, Evaluation]
    notes: tuple[str, ...]


def judge_elsewhere(
    model: Path, data: str, *, split: str | None, out: Path | None, device: torch.device, replicates: int
) -> Judged:
    """Score every model of a run, or one weights file, on other data.

    Thresholds are those chosen on each model's own validation images; nothing is fitted to this data.

    Args:
        model: a run folder or a weights file.
        data: a path, or ``synthetic``.
        split: score only this split: the source's own, else the run's where the images are the run's. None
            scores all records of a source that has no split.
        out: where predictions and metrics go; by default ``evaluations/<data>`` in the run, or beside the
            weights file.
        device: where the networks run.
        replicates: bootstrap resamples.

    Raises:
        UserError: nothing to score, an unknown split, or images that the run was trained on.
    """
    weights = _weights(model)
    size = load_weights(next(iter(weights.values())))[1].input.size
    dataset = open_data(data, SyntheticRecipe(), size)
    records, splits = _chosen(dataset.records, model, split)
    out = out or _default_out(model, data, split)
    check_writable(out)
    results: dict[str, Evaluation] = {}
    for name, path in weights.items():
        network, info = load_weights(path)
        predictor = TorchPredictor(network, info, device)
        pixels = decode(records, info.input.size).pixels
        probabilities = predict_in_batches(predictor, pixels, np.arange(len(records)), progress=name)
        predictions = tabulate(records, splits, probabilities, info.classes)
        results[name] = evaluate(predictions, _points(info), replicates=replicates)
        folder = ModelFolder(out / name)
        write_predictions(folder.predictions, predictions)
        write_json(folder.metrics, results[name])
    return Judged(out, results, dataset.notes)


def _weights(model: Path) -> dict[str, Path]:
    if model.is_file():
        return {model.parent.name if model.stem == "weights" else model.stem: model}
    found = {folder.path.name: folder.weights for folder in RunFolder(model).models()}
    if not found:
        raise UserError(f"{model}: neither a weights file nor a run folder with finished models")
    return found


def _chosen(
    records: tuple[Record, ...], model: Path, split: str | None
) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    """The records to score and the split of each; never an image that the run was trained on."""
    run_split = _split_of_run(model)
    given = [record.split or run_split.get(record.image_id, "") for record in records]
    if split is not None and split not in given:
        known = ", ".join(sorted(set(given) - {""})) or "none: leave --split out"
        raise UserError(f"--split {split}: the data has no such split; it has {known}")
    rows = [i for i, name in enumerate(given) if split is None or name == split]
    trained_on = [i for i in rows if run_split.get(records[i].image_id) in ("train", "val")]
    if trained_on:
        raise UserError(
            f"{records[trained_on[0]].image_id} and {len(trained_on) - 1} more images: the run was trained "
            "or selected on them; add --split test"
        )
    return tuple(records[i] for i in rows), tuple(given[i] or "all" for i in rows)


def _split_of_run(model: Path) -> dict[str, str]:
    """The split of every image of the run that a model belongs to; empty for a weights file on its own."""
    folder = model if model.is_dir() else model.parent.parent.parent
    path = RunFolder(folder).split
    return dict(read_split(path)) if path.exists() else {}


def _points(info: ModelInfo) -> Sequence[OperatingPoint]:
    return [
        OperatingPoint(
            name=point.name,
            threshold=point.threshold,
            chosen_on="fixed" if point.sensitivity is None else "val",
            sensitivity=point.sensitivity,
            specificity=point.specificity,
        )
        for point in info.thresholds
    ]


def _default_out(model: Path, data: str, split: str | None) -> Path:
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", Path(data).resolve().name) + (f"-{split}" if split else "")
    if model.is_dir():
        return model / "evaluations" / name
    return model.parent / f"{model.stem}-on-{name}"
