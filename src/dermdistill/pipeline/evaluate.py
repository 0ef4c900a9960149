"""Judge models on any data the program reads: external validation. An exported model needs no PyTorch."""

import importlib.util
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dermdistill.audit.seen import Candidates, Seen, find_seen, run_of
from dermdistill.config import SyntheticRecipe, load_recipe
from dermdistill.data.class_names import with_counts
from dermdistill.data.split_file import read_split, splits_again
from dermdistill.errors import UserError
from dermdistill.evaluation.estimates import OperatingPoint
from dermdistill.evaluation.lesions import by_lesion
from dermdistill.evaluation.predictions import Predictions, tabulate, write_predictions
from dermdistill.evaluation.thresholds import stored
from dermdistill.inference.decision import LESION_SUFFIX, default_point, for_images, point_of
from dermdistill.inference.diagnoses import frequencies_of
from dermdistill.inference.model import SHIPPED
from dermdistill.inference.model_info import ModelInfo
from dermdistill.json_files import is_json_of, read_json, write_json
from dermdistill.judgement.decisions import PREVALENCES, Use
from dermdistill.judgement.groups import ScoredModel
from dermdistill.judgement.judge import judge_evaluation
from dermdistill.judgement.judgement import Judgement
from dermdistill.messages import note, warn
from dermdistill.outputs import check_folder, check_outside
from dermdistill.pipeline.prepare import DataOptions, as_recorded, digests_of, open_data
from dermdistill.pipeline.score_photographs import PhotographScorer
from dermdistill.pipeline.scored import ScoredImages, Scorer
from dermdistill.records import DataSet, Pixels, Record
from dermdistill.report.build import build_report
from dermdistill.report.evaluation_page import build_evaluation_report, check_evaluation_report
from dermdistill.runs import PACKAGED, EvaluationManifest, ModelFolder, ModelSummary, RunFolder


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """What the user asks of an evaluation.

    Attributes:
        split: score only this split: that of the user's file, else the source's own, else the run's where the
            images are the run's. None scores all records.
        out: where everything goes; None for a folder named after the data: ``evaluations/<data>`` in a run,
            beside a model file, or in the working folder for the packaged model.
        per_lesion: judge lesions, by the mean of the log-odds over each one's photographs.
        point: the operating point in use: a name, or a threshold on P(melanoma); None for the default.
        prevalences: at which the worth of a flag is stated.
        replicates: bootstrap resamples.
        device: where networks of PyTorch run.
        workers: that decode and compute side by side.
    """

    split: str | None = None
    out: Path | None = None
    per_lesion: bool = False
    point: str | None = None
    prevalences: tuple[float, ...] = PREVALENCES
    replicates: int = 2000
    device: str = "auto"
    workers: int = 1


@dataclass(frozen=True, slots=True)
class _Model:
    """A model to judge; ``summary`` is None of a file without a run."""

    name: str
    weights: Path
    summary: ModelSummary | None

    @property
    def group(self) -> str:
        return self.name if self.summary is None else self.summary.group


def evaluate_models(
    model: Path | None, data: DataOptions, options: EvaluationOptions
) -> tuple[Path, Judgement]:
    """Score every model of a run, one file, or the packaged model, on other data.

    Thresholds are those chosen on each model's own validation images; nothing is fitted to this data. Images
    that the models learned from, saved again or of the same lesions, are scored too; stderr says so first.

    Args:
        model: a run folder, a weights file or an exported model; None for the packaged one.
        data: the images; procedural ones are drawn as the run's were, if it is a run on such.
        options: the user's.

    Returns:
        The folder that everything was written to, ``report.html`` too, and the figures.

    Raises:
        UserError: nothing to score, an unknown split or operating point, image files that the run was trained
            on, or a folder that holds another evaluation.
    """
    file = SHIPPED if model is None else model
    models = _models(file)
    scorer = _scorer(file, models, options)
    points, use = _points(
        models, scorer.infos, options, "the packaged model" if model is None else str(model)
    )
    run = run_of(file)
    data = as_recorded(run, data)
    dataset = _open_data(data, run, next(iter(scorer.infos.values())))
    _say_if_without_melanoma(dataset)
    records, splits = _chosen(dataset.records, run, options)
    out = options.out or _default_out(model, data, options.split)
    check_outside(out, "--output", data.folders)
    manifest = EvaluationManifest(
        model=PACKAGED if model is None else str(model),
        data=data.paths,
        reading=data.reading,
        per_lesion=options.per_lesion,
        split=options.split,
        synthetic=dataset.synthetic,
        split_file=data.split_file(),
        layout=dataset.layout,
        notes=dataset.notes,
    )
    _open_out(out, manifest)

    scored = scorer.score(records, synthetic=dataset.synthetic)
    records, splits = tuple(records[i] for i in scored.rows), tuple(splits[i] for i in scored.rows)
    candidates = Candidates(records, scored.contents, scored.coefficients, dataset.layout)
    seen = find_seen(candidates, run, next(iter(scorer.infos.values())), file)
    tables = _tables(scored, scorer.infos, seen, records, splits)
    notes = (*seen.notes, *scored.notes)
    if options.per_lesion:
        tables = {name: by_lesion(table) for name, table in tables.items()}
        lesions = len(next(iter(tables.values())))
        notes += (f"{len(records):,} photographs are judged as {lesions:,} lesions: means of their log-odds",)
    for text in notes:
        warn(text)
    for name, table in tables.items():
        write_predictions(ModelFolder(out / name).predictions, table)
    judgement = judge_evaluation(
        [
            ScoredModel(
                *(m.name, m.group, tables[m.name], points[m.name], m.summary),
                frequencies=frequencies_of(scorer.infos[m.name]),
            )
            for m in models
        ],
        RunFolder(out).judgement,
        use=use,
        synthetic=dataset.synthetic,
        notes=notes,
        replicates=options.replicates,
    )
    build_evaluation_report(out, images=_pixels(records))
    _show_in_run(RunFolder(file), out)
    return out, judgement


def _models(model: Path) -> list[_Model]:
    if model.is_file():
        name = model.parent.name if model.stem == "weights" else model.stem
        return [_Model(name, model, None)]
    found = [(folder, read_json(folder.summary, ModelSummary)) for folder in RunFolder(model).models()]
    if not found:
        raise UserError(
            f"{model}: neither a model file nor a run folder with finished models; images go after --data"
        )
    # A stranger's model.json may name itself as it likes; the folder's name counts.
    return [_Model(folder.path.name, folder.weights, summary) for folder, summary in found]


def _scorer(file: Path, models: Sequence[_Model], options: EvaluationOptions) -> Scorer:
    first = models[0]
    if first.weights.suffix == ".onnx":
        return PhotographScorer(first.name, first.weights, workers=options.workers)
    if importlib.util.find_spec("torch") is None:
        exported = RunFolder(file).exported() if file.is_dir() else []
        instead = f"give {exported[0]} instead" if exported else "give a file of `dermdistill export` instead"
        raise UserError(f"{file}: its weights need PyTorch: pip install 'dermdistill[train]', or {instead}")
    from dermdistill.pipeline.score_networks import NetworkScorer

    weights = {model.name: model.weights for model in models}
    return NetworkScorer(weights, device=options.device, workers=options.workers)


def _points(
    models: Sequence[_Model], infos: Mapping[str, ModelInfo], options: EvaluationOptions, where: str
) -> tuple[dict[str, list[OperatingPoint]], Use]:
    """The operating points of each model, and which of them is in use.

    Raises:
        UserError: a model does not have the one that the user names.
    """
    every = {model.name: infos[model.name].thresholds for model in models}
    if not options.per_lesion and options.point is None:
        every = {name: for_images(of_model) for name, of_model in every.items()}
    points = {name: stored(of_model) for name, of_model in every.items()}
    if options.point is None:  # which a model without melanomas on validation lacks
        name = default_point(next(iter(infos.values())))
        of_lesions = f"{name}{LESION_SUFFIX}"
        has_own = options.per_lesion and all(
            of_lesions in {point.name for point in of_model} for of_model in points.values()
        )
        return points, Use(of_lesions if has_own else name, options.prevalences)
    for name, info in infos.items():
        used = point_of(info, options.point, where)
        if used.name == "given":
            given = OperatingPoint(name=used.name, threshold=used.threshold, chosen_on="fixed")
            points[name] = [*points[name], given]
    return points, Use(used.name, options.prevalences)


def _open_data(data: DataOptions, run: RunFolder, info: ModelInfo) -> DataSet:
    recipe = load_recipe(str(run.recipe)) if run.recipe.exists() else None
    if not data.synthetic:
        data = replace(data, reading=replace(data.reading, for_evaluation=True))
    if recipe is None:
        return open_data(data, SyntheticRecipe(), info.input.size)
    return open_data(data, recipe.synthetic, recipe.teacher_size)


def _say_if_without_melanoma(dataset: DataSet) -> None:
    if not any(record.is_melanoma for record in dataset.records):
        warn(
            f"no image shows melanoma, so no AUC, no sensitivity; labels: {with_counts(dataset.names)}; "
            "if one of them means melanoma, say --positive NAME"
        )


def _tables(
    scored: ScoredImages,
    infos: Mapping[str, ModelInfo],
    seen: Seen,
    records: Sequence[Record],
    splits: Sequence[str],
) -> dict[str, Predictions]:
    tables = {}
    for name, probabilities in scored.probabilities.items():
        table = tabulate(records, splits, probabilities, infos[name].classes)
        tables[name] = replace(table, seen=seen.how, details={**table.details, **scored.details})
    return tables


def _show_in_run(run: RunFolder, out: Path) -> None:
    """Build the run's own report again, where the evaluation lies in the run and there is a report."""
    if run.report.exists() and out in [folder.path for folder in run.evaluations()]:
        try:
            build_report(run)
        except UserError as error:
            note(f"the run's report does not show this evaluation: {error}")


def _pixels(records: Sequence[Record]) -> Callable[[Sequence[str]], list[Pixels]]:
    images = {record.image_id: record.image for record in records}
    return lambda ids: [images[image_id].decode() for image_id in ids]


def _chosen(
    records: Sequence[Record], run: RunFolder, options: EvaluationOptions
) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    """The records to score and the split of each; never an image that the run was trained on.

    Images are recognised by content: the same file under another name is still the same image.
    """
    split = options.split
    assignments = read_split(run.split) if run.split.exists() else ()
    contents = digests_of(records, workers=options.workers) if assignments else [""] * len(records)
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


def _default_out(model: Path | None, data: DataOptions, split: str | None) -> Path:
    name = re.sub(r"[^A-Za-z0-9_.+-]+", "_", data.label) + (f"-{split}" if split else "")
    if model is None:
        return _outside(Path(), data.folders) / f"{SHIPPED.stem}-on-{name}"
    if model.is_dir():
        return model / "evaluations" / name
    return model.parent / f"{model.stem}-on-{name}"


def _outside(folder: Path, data: Sequence[Path]) -> Path:
    """The folder, or the first above it that is in no folder of data."""
    inside = [each.resolve() for each in data if each.is_dir()]
    for candidate in (folder, *folder.resolve().parents):
        if not any(candidate.resolve().is_relative_to(each) for each in inside):
            return candidate
    return folder


def _open_out(out: Path, manifest: EvaluationManifest) -> None:
    """Write what this evaluation is; refuse a folder that holds another one, or something else."""
    path = out / "evaluation.json"
    check_folder(
        out, "--output", expected="an evaluation", is_ours=lambda: is_json_of(path, EvaluationManifest)
    )
    if path.exists() and not read_json(path, EvaluationManifest).is_of_the_same(manifest):
        raise UserError(
            f"{out}: holds the evaluation of another model or on other data; choose another --output or "
            "delete it"
        )
    check_evaluation_report(out)
    write_json(path, manifest)
