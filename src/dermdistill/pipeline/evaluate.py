"""Judge trained models on any data the program reads: external validation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from dermdistill.audit.seen import Candidates, find_seen, run_of
from dermdistill.config import SyntheticRecipe, load_recipe
from dermdistill.data.split_file import read_split, splits_again
from dermdistill.errors import UserError
from dermdistill.evaluation.predictions import Predictions, tabulate, write_predictions
from dermdistill.evaluation.thresholds import stored
from dermdistill.inference.diagnoses import frequencies_of
from dermdistill.inference.predictor import Predictor, predict_in_batches
from dermdistill.json_files import is_json_of, read_json, write_json
from dermdistill.judgement.groups import ScoredModel
from dermdistill.judgement.judge import judge_evaluation
from dermdistill.judgement.judgement import Judgement
from dermdistill.messages import warn
from dermdistill.models.torch_predictor import open_predictor
from dermdistill.outputs import check_folder, check_outside
from dermdistill.pipeline.prepare import (
    DataOptions,
    as_recorded,
    coefficients_of,
    decode,
    digests_of,
    open_data,
)
from dermdistill.records import Record
from dermdistill.runs import EvaluationManifest, ModelFolder, ModelSummary, RunFolder


@dataclass(frozen=True, slots=True)
class _Model:
    """A model to judge; ``summary`` is None of a file without a run."""

    name: str
    weights: Path
    summary: ModelSummary | None


def evaluate_models(
    model: Path,
    data: DataOptions,
    *,
    split: str | None,
    out: Path | None,
    device: torch.device,
    replicates: int,
) -> tuple[Path, Judgement]:
    """Score every model of a run, or one weights or ONNX file, on other data.

    Thresholds are those chosen on each model's own validation images; nothing is fitted to this data. Images
    that the models learned from, saved again or of the same lesions, are scored too; stderr says so first.

    Args:
        model: a run folder, a weights file or an exported model.
        data: the images; procedural ones are drawn as the run's were, if it is a run on such.
        split: score only this split: that of the user's file, else the source's own, else the run's where the
            images are the run's. None scores all records.
        out: where everything goes; by default ``evaluations/<data>`` in the run, or beside the weights file.
        device: where the networks run.
        replicates: bootstrap resamples.

    Returns:
        The folder that everything was written to, and the figures.

    Raises:
        UserError: nothing to score, an unknown split, image files that the run was trained on, or a folder
            ``out`` that holds the evaluation on other data.
    """
    models = _models(model)
    info = open_predictor(models[0].weights, device).info
    size = info.input.size
    run = run_of(model)
    drawing = load_recipe(str(run.recipe)).synthetic if run.recipe.exists() else SyntheticRecipe()
    data = as_recorded(run, data)
    dataset = open_data(data, drawing, size)
    records, splits = _chosen(dataset.records, run, split)
    out = out or _default_out(model, data, split)
    check_outside(out, "--output", data.folders)
    manifest = EvaluationManifest(
        model=str(model),
        data=data.paths,
        reading=data.reading,
        split=split,
        synthetic=dataset.synthetic,
        split_file=data.split_file(),
    )
    _open_out(out, manifest)

    images = decode(records, size)  # all models of a run take the same size
    coefficients = coefficients_of(records, images.contents, synthetic=dataset.synthetic)
    candidates = Candidates(records, images.contents, coefficients, dataset.layout)
    seen = find_seen(candidates, run, info, model)
    for text in seen.notes:
        warn(text)
    scored = []
    for each in models:
        predictor = open_predictor(each.weights, device)
        predictions = _score(predictor, each.name, images.pixels, records, splits)
        predictions = replace(predictions, seen=seen.how)
        write_predictions(ModelFolder(out / each.name).predictions, predictions)
        group = each.name if each.summary is None else each.summary.group
        known = predictor.info
        points = stored(known.thresholds)
        scored.append(ScoredModel(each.name, group, predictions, points, each.summary, frequencies_of(known)))
    judgement = judge_evaluation(
        scored,
        RunFolder(out).judgement,
        synthetic=dataset.synthetic,
        notes=seen.notes,
        replicates=replicates,
    )
    return out, judgement


def _models(model: Path) -> list[_Model]:
    if model.is_file():
        name = model.parent.name if model.stem == "weights" else model.stem
        return [_Model(name, model, None)]
    found = [(folder, read_json(folder.summary, ModelSummary)) for folder in RunFolder(model).models()]
    if not found:
        raise UserError(f"{model}: neither a model file nor a run folder with finished models")
    # A stranger's model.json may name itself as it likes; the folder's name counts.
    return [_Model(folder.path.name, folder.weights, summary) for folder, summary in found]


def _score(
    predictor: Predictor,
    name: str,
    pixels: NDArray[np.uint8],
    records: Sequence[Record],
    splits: Sequence[str],
) -> Predictions:
    probabilities = predict_in_batches(predictor, pixels, np.arange(len(records)), progress=name)
    return tabulate(records, splits, probabilities, predictor.info.classes)


def _chosen(
    records: Sequence[Record], run: RunFolder, split: str | None
) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    """The records to score and the split of each; never an image that the run was trained on.

    Images are recognised by content: the same file under another name is still the same image.
    """
    assignments = read_split(run.split) if run.split.exists() else ()
    contents = digests_of(records) if assignments else [""] * len(records)
    again = splits_again(assignments, records, contents)
    given = [record.split or mine or "" for record, mine in zip(records, again, strict=True)]
    if split is not None and split not in given:
        known = ", ".join(sorted(set(given) - {""})) or "none: leave --split out"
        raise UserError(f"--split {split}: no such file, and the data has no such split; it has {known}")
    rows = [i for i, name in enumerate(given) if split is None or name == split]
    not_for_test = {row.content for row in assignments if row.split != "test"}
    trained_on = [i for i in rows if contents[i] in not_for_test]
    if trained_on:
        remedy = "add --split test" if split is None and "test" in again else "leave them out"
        raise UserError(
            f"{records[trained_on[0]].image.name}: the run was trained or selected on it "
            f"({len(trained_on)} such images); {remedy}"
        )
    return tuple(records[i] for i in rows), tuple(given[i] or "all" for i in rows)


def _default_out(model: Path, data: DataOptions, split: str | None) -> Path:
    name = re.sub(r"[^A-Za-z0-9_.+-]+", "_", data.label) + (f"-{split}" if split else "")
    if model.is_dir():
        return model / "evaluations" / name
    return model.parent / f"{model.stem}-on-{name}"


def _open_out(out: Path, manifest: EvaluationManifest) -> None:
    """Write what this evaluation is; refuse a folder that holds another one, or something else."""
    path = out / "evaluation.json"
    check_folder(
        out, "--output", expected="an evaluation", is_ours=lambda: is_json_of(path, EvaluationManifest)
    )
    if path.exists() and read_json(path, EvaluationManifest) != manifest:
        raise UserError(f"{out}: holds the evaluation on other data; choose another --output or delete it")
    write_json(path, manifest)
