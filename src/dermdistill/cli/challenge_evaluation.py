"""``dermdistill evaluate --format isic2018``: a submission and its ground truth."""

from collections.abc import Iterable
from pathlib import Path

from dermdistill.cli.challenge import Challenge, open_challenge_table
from dermdistill.errors import UserError, printable
from dermdistill.evaluation.challenge import ground_truth, left_out, submission
from dermdistill.evaluation.predictions import read_predictions
from dermdistill.inference.diagnoses import frequencies_of
from dermdistill.inference.isic2018 import check_classes
from dermdistill.inference.model import load, model_file
from dermdistill.messages import inform, note
from dermdistill.runs import ModelFolder


def check_evaluated_model(challenge: Challenge, model: Path | None) -> None:
    """Raise UserError, before any work, where a model cannot answer so.

    Which diagnoses the weights of a run tell is known when they are opened.
    """
    if model is None or model.suffix == ".onnx":
        challenge.check_model(load(model), str(model_file(model)))
    elif challenge.reading == "balanced":
        raise UserError(
            f"{printable(str(model))}: --diagnoses balanced needs a file of `dermdistill export`, which "
            "knows how frequent the diagnoses were in training"
        )


def write_evaluated(challenge: Challenge, model: Path | None, folder: Path, names: Iterable[str]) -> None:
    """Write the submission and the ground truth beside the predictions of every model of an evaluation.

    Raises:
        UserError: a model of other diagnoses, or a file there that is no such table.
    """
    frequencies = None
    if challenge.reading == "balanced":
        frequencies = frequencies_of(load(model).info)
    for name in names:
        of_model = ModelFolder(folder / name)
        predictions = read_predictions(of_model.predictions)
        check_classes(predictions.classes, name)
        tables = {
            "isic2018.csv": submission(predictions, frequencies),
            "isic2018-truth.csv": ground_truth(predictions),
        }
        for file, text in tables.items():
            open_challenge_table(of_model.path / file, (), overwrite=False).write(text.encode())
        without = left_out(predictions)
        if without:
            note(f"images of other diagnoses than the challenge's, in neither of its tables: {without:,}")
        inform(f"{printable(str(of_model.path))}: isic2018.csv and its ground truth, {challenge.words}")
