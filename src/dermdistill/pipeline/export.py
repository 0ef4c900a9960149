"""From a run to model files that need no PyTorch, each with proof that it says the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import ModelProto

from dermdistill.config import Recipe, load_recipe
from dermdistill.data.packed_hashes import pack_hashes
from dermdistill.data.perceptual_hash import Signs, has_hash, signs
from dermdistill.data.split_file import read_split, splits_again
from dermdistill.distillation.targets import class_frequencies
from dermdistill.errors import UserError
from dermdistill.evaluation.estimates import OperatingPoint
from dermdistill.evaluation.lesions import by_lesion
from dermdistill.evaluation.metrics import auc
from dermdistill.evaluation.platt import fit_calibration
from dermdistill.evaluation.predictions import Predictions, read_predictions, tabulate
from dermdistill.evaluation.thresholds import operating_points, stored, to_store
from dermdistill.export.detector import Detector
from dermdistill.export.detector_fit import FeatureFile, fit, limits
from dermdistill.export.graph import assemble
from dermdistill.export.int8 import CALIBRATION_IMAGES, quantise
from dermdistill.export.network import shorten_names, to_onnx
from dermdistill.export.other_pictures import drawn, framed_anew, read_pictures, views
from dermdistill.export.parity import Parity, measure_parity
from dermdistill.files import write_bytes
from dermdistill.inference.decision import LESION_SUFFIX, for_images
from dermdistill.inference.detector import DetectorLimits
from dermdistill.inference.diagnoses import at_prevalence
from dermdistill.inference.inputs import Inputs
from dermdistill.inference.model_info import ModelInfo, ValidationScores
from dermdistill.inference.onnx import INT8_SUFFIX, OnnxModel, is_exported_model
from dermdistill.inference.predictor import Predictor, predict_in_batches
from dermdistill.inference.reference import Reference
from dermdistill.json_files import is_json_of, read_json, write_json
from dermdistill.models.checkpoint import load_weights, read_info, save_weights
from dermdistill.models.torch_predictor import TorchPredictor
from dermdistill.outputs import open_output
from dermdistill.pipeline.data_path import found_again
from dermdistill.pipeline.prepare import SYNTHETIC, DataOptions, coefficients_of, decode, open_data
from dermdistill.records import Record, SplitName
from dermdistill.runs import DataSummary, ModelSummary, RunFolder, RunManifest

DRAWN_FROM = 200
"""Training images that some of the drawn pictures show from far away."""

FLOAT_TOLERANCE = 1e-4
"""Two runtimes add up in another order; more than this is another computation."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A model file and its parity report, which lies beside it as JSON."""

    path: Path
    parity: Parity


def export(
    run: RunFolder,
    *,
    model: str | None,
    data: Sequence[str],
    int8: bool,
    int8_tolerance: float,
    other_pictures: Sequence[Path] = (),
    out: Path | None,
) -> list[Exported]:
    """Write one model of a run as ONNX, as int8 if asked, and its weights for PyTorch, calibrated alike.

    The calibration, the operating points, the reference and the detector of each file are its own, fitted on
    the run's validation images (the reference, the detector and the ranges of int8 on training images); what
    they do is measured on the test images.

    Args:
        run: a finished run.
        model: its name in the run; the student with the best AUC on validation unless given.
        data: where the run's images are now; empty if they are where they were.
        int8: write the quantised file too.
        int8_tolerance: the largest difference of P(melanoma) between the int8 file and the float one.
        other_pictures: folders of pictures that are no dermoscopic photographs, for the detector.
        out: folder for the files; ``export`` in the run unless given.

    Raises:
        UserError: no such model or folder, images that are not the run's, or a difference above the
            tolerance: then no model file is written, only the parity report.
    """
    folder = out or run.export
    name = model or _best_student(run)
    check_replaceable(folder, name, int8=int8)
    for pictures in other_pictures:
        if not pictures.is_dir():
            raise UserError(f"{pictures}: --other-pictures needs a folder of pictures, and this is none")
    weights = run.model(name).weights
    if not weights.exists():
        names = ", ".join(each.path.name for each in run.models())
        raise UserError(f"{run.path}: has no model {name!r}; it has {names}")
    network, info = load_weights(weights)
    images = _Images.of(run, data, info.input.size)
    replicates = images.recipe.evaluation.replicates
    role = read_json(run.model(name).summary, ModelSummary).role
    training = images.recipe.teacher if role == "teacher" else images.recipe.student
    shares = class_frequencies(images.of_split("train"), info.classes, training.class_weights)
    others = _other_pictures(images, other_pictures)

    plain = to_onnx(network, info.input.size)
    float_info, detector = _describe(plain, info, images, shares, others)
    trained = TorchPredictor(network, float_info, torch.device("cpu"))
    content, model_file = _assembled(plain, float_info, detector)
    floats = images.predictions(model_file, "test")
    points = stored(for_images(float_info.thresholds))
    parity = measure_parity(
        ("PyTorch", images.predictions(trained, "test"), points),
        ("ONNX", floats, points),
        size=len(content),
        tolerance=FLOAT_TOLERANCE,
        photographs=images.of_photographs(model_file),
        replicates=replicates,
    )
    exported = [_write(folder / f"{name}.onnx", content, parity)]
    save_weights(folder / f"{name}.safetensors", network, float_info)
    if int8:
        small = quantise(plain, images.some("train", at_most=CALIBRATION_IMAGES), info.input)
        shorten_names(small)
        small_info, detector = _describe(small, info, images, shares, others)
        content, model_file = _assembled(small, small_info, detector)
        parity = measure_parity(
            ("ONNX", floats, points),
            ("ONNX int8", images.predictions(model_file, "test"), stored(for_images(small_info.thresholds))),
            size=len(content),
            tolerance=int8_tolerance,
            photographs=images.of_photographs(model_file),
            replicates=replicates,
        )
        exported.append(_write(folder / f"{name}{INT8_SUFFIX}", content, parity))
    return exported


def check_replaceable(folder: Path, name: str, *, int8: bool) -> None:
    """Refuse, before any work, to write over files of other programs."""
    for suffix in (".onnx", INT8_SUFFIX) if int8 else (".onnx",):
        model = folder / f"{name}{suffix}"
        _check_file(model, is_exported_model, "an exported model")
        _check_file(_report_of(model), lambda path: is_json_of(path, Parity), "a parity report")
    _check_file(folder / f"{name}.safetensors", lambda path: read_info(path) is not None, "a weights file")


def _check_file(path: Path, is_ours: Callable[[Path], bool], what: str) -> None:
    open_output(path, "--output", expected=f"{what} of this program", is_ours=is_ours)


def _report_of(model: Path) -> Path:
    return model.with_suffix(".parity.json")


@dataclass(frozen=True, slots=True)
class _Images:
    """The images of a run, each with its split there, and the hashes of those that models learned from."""

    recipe: Recipe
    records: tuple[Record, ...]
    split: tuple[SplitName | None, ...]
    pixels: NDArray[np.uint8]
    learned_from: Signs

    @classmethod
    def of(cls, run: RunFolder, data: Sequence[str], size: int) -> "_Images":
        """Read them; images are recognised by content, so that a moved or renamed folder is the same data."""
        recipe = load_recipe(str(run.recipe))
        of_run = read_json(run.manifest, RunManifest).data
        where = tuple(data) or _where(of_run, run)
        options = DataOptions(where, reading=of_run.reading)
        dataset = open_data(options, recipe.synthetic, recipe.teacher_size)
        records = dataset.records
        workers = torch.get_num_threads()
        decoded = decode(records, size, workers=workers)
        assignments = read_split(run.split)
        needed = {row.content for row in assignments}
        found = needed & set(decoded.contents)
        if found != needed:
            raise UserError(
                f"{' and '.join(where)}: holds {len(found)} of the {len(needed)} images that the run was "
                "made of; say where they are with --data"
            )
        split = tuple(splits_again(assignments, records, decoded.contents))
        coefficients = coefficients_of(
            records, decoded.contents, synthetic=dataset.synthetic, workers=workers
        )
        learned = np.array([name in ("train", "val") for name in split])
        hashes = signs(coefficients[learned & has_hash(coefficients)])
        return cls(recipe, records, split, decoded.pixels, hashes)

    def rows(self, name: SplitName) -> NDArray[np.int64]:
        return np.array([i for i, split in enumerate(self.split) if split == name], dtype=np.int64)

    def of_split(self, name: SplitName) -> list[Record]:
        return [self.records[i] for i in self.rows(name)]

    def some(self, name: SplitName, *, at_most: int) -> NDArray[np.uint8]:
        """Pixels ``(N, S, S, 3)`` of a split, evenly thinned out to ``at_most``."""
        rows = self.rows(name)
        chosen = np.linspace(0, len(rows) - 1, min(at_most, len(rows))).astype(np.int64)
        return self.pixels[rows[chosen]]

    def of_photographs(self, model: OnnxModel) -> Predictions:
        """Predictions of the test images as they are, for the model to resize."""
        records = self.of_split("test")
        scored = np.stack([model.score(record.image.decode()).probabilities for record in records])
        return tabulate(records, ["test"] * len(records), scored, model.info.classes)

    def predictions(self, predictor: Predictor, name: SplitName) -> Predictions:
        rows = self.rows(name)
        probabilities = predict_in_batches(predictor, self.pixels, rows, progress=f"scoring {name}")
        return tabulate(self.of_split(name), [name] * len(rows), probabilities, predictor.info.classes)


def _where(data: DataSummary, run: RunFolder) -> tuple[str, ...]:
    if data.synthetic:
        return (SYNTHETIC,)
    return tuple(found_again(path, run.path) for path in data.paths)


def _other_pictures(images: _Images, folders: Sequence[Path]) -> list[NDArray[np.uint8]]:
    """What the detector learns not to take for dermoscopic photographs, a table for each kind."""
    size = images.pixels.shape[1]
    files = [[Path(name) for name in Inputs((str(folder),), recursive=True)] for folder in folders]
    return [
        drawn(images.some("train", at_most=DRAWN_FROM)),
        *(views(read_pictures(paths, size)) for paths in files),
    ]


def _describe(
    network: ModelProto,
    info: ModelInfo,
    images: _Images,
    shares: NDArray[np.float64],
    others: Sequence[NDArray[np.uint8]],
) -> tuple[ModelInfo, Detector | None]:
    """All that a file carries beside its weights, and the detector that goes into its graph.

    Args:
        network: before anything is put around it.
        info: its description without all that.
        images: of the run.
        shares: of the classes in training (``distillation.targets.class_frequencies``).
        others: pictures that are no dermoscopic photographs, a table for each kind.
    """
    _, raw = _assembled(network, replace(info, calibration=None))
    found = images.predictions(raw, "val")
    calibration = fit_calibration(found.label, found.probability)
    calibrated = replace(info, calibration=calibration)
    _, model = _assembled(network, calibrated)
    validation = images.predictions(model, "val")
    train = images.rows("train")
    statistics = np.concatenate(
        [model.statistics(images.pixels[part]) for part in np.array_split(train, len(train) // 64 + 1)]
    )
    detector, detector_limits = _detector(network, info, images, others)
    described = replace(
        calibrated,
        thresholds=(*to_store(operating_points(validation)), *to_store(_points_of_lesions(validation))),
        validation=ValidationScores(
            melanoma=_sorted(validation.probability[validation.label]),
            other=_sorted(validation.probability[~validation.label]),
        ),
        reference=Reference.of(statistics),
        detector=detector_limits,
        learned_from=pack_hashes(images.learned_from),
        frequencies=tuple(map(float, at_prevalence(shares, info.melanoma, float(validation.label.mean())))),
    )
    return described, detector


def _points_of_lesions(validation: Predictions) -> list[OperatingPoint]:
    """For the mean of a lesion's photographs; none where no lesion has several, or for lack of a class."""
    lesions = by_lesion(validation)
    if len(lesions) == len(validation):
        return []
    chosen = (point for point in operating_points(lesions) if point.chosen_on == "val")
    return [point.model_copy(update={"name": point.name + LESION_SUFFIX}) for point in chosen]


def _detector(
    network: ModelProto, info: ModelInfo, images: _Images, others: Sequence[NDArray[np.uint8]]
) -> tuple[Detector, DetectorLimits] | tuple[None, None]:
    """Fitted on training images, limited on validation images; None where there is nothing to look at."""
    looker = FeatureFile.of(network, info)
    if looker is None:
        return None, None
    train, val = images.rows("train"), images.rows("val")
    dermoscopic = looker.features(framed_anew(images.pixels[train]))
    detector = fit(dermoscopic, [looker.features(table) for table in others], looker.last)
    answers = detector.answers(looker.features(framed_anew(images.pixels[val])))
    return detector, limits(answers, 2 * [images.records[row].source for row in val])


def _sorted(probability: NDArray[np.float64]) -> tuple[float, ...]:
    """To six digits, all that counts, in half the bytes."""
    return tuple(sorted(float(f"{p:.6g}") for p in probability))


def _assembled(
    network: ModelProto, info: ModelInfo, detector: Detector | None = None
) -> tuple[bytes, OnnxModel]:
    content: bytes = assemble(network, info, detector).SerializeToString()
    return content, OnnxModel(content, "exported model")


def _write(path: Path, content: bytes, parity: Parity) -> Exported:
    """Write the report, and the model if it holds; raises UserError if not."""
    report = _report_of(path)
    write_json(report, parity)
    if not parity.holds:
        raise UserError(
            f"{path}: not written: P(melanoma) differs by {parity.largest_difference:.4f} between "
            f"{parity.before} and {parity.after}, more than the tolerance {parity.tolerance:g}; see {report}"
        )
    write_bytes(path, content)
    return Exported(path, parity)


def _best_student(run: RunFolder) -> str:
    """The student with the best AUC on its validation images; of equals the first by name."""
    if not run.path.is_dir():
        raise UserError(f"{run.path}: not a run folder; give one that `run` or `compare` wrote")
    best: tuple[float, str] | None = None
    for folder in run.models():
        summary = read_json(folder.summary, ModelSummary)
        if summary.role != "student":
            continue
        validation = read_predictions(folder.predictions).of_split("val")
        found = auc(validation.label, validation.probability)
        if best is None or found > best[0]:
            best = (found, folder.path.name)  # a stranger's model.json may say anything
    if best is None:
        raise UserError(f"{run.path}: no finished student in this run; name a model with --model")
    return best[1]
