"""The figures on the model's card, measured again; and that a photograph has one answer."""

import io
from functools import cache

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from PIL import Image

import dermdistill
from dermdistill.data.packed_hashes import unpack_hashes
from dermdistill.data.perceptual_hash import SAME_BY_SHORT_HASH, coefficients, nearest
from dermdistill.data.sources import read_sources
from dermdistill.evaluation.metrics import auc
from dermdistill.inference.detector import NOT_DERMOSCOPIC
from dermdistill.inference.model import SHIPPED
from dermdistill.inference.stream import score_files
from dermdistill.records import Record

from .shipped_split import images_of
from .test_data import needed, of_the_shipped_model

MODEL = dermdistill.load()
INT8 = dermdistill.load(SHIPPED.with_name("dermlet.int8.onnx"))
MODELS = {"float": MODEL, "int8": INT8}

Bools = NDArray[np.bool_]


@cache
def images_of_test(source: str) -> list[Record]:
    """Of lesions that decided nothing."""
    return [each for each in images_of("test", *of_the_shipped_model()) if each.source == source]


@cache
def answers(model: str, source: str) -> tuple[Bools, list[dermdistill.Prediction]]:
    """Which test images of a source show melanoma, and what a model says of them."""
    records = images_of_test(source)
    scored = [MODELS[model].score(record.image.decode()) for record in records]
    return np.array([record.is_melanoma for record in records]), scored


def probabilities(scored: list[dermdistill.Prediction]) -> NDArray[np.float64]:
    return np.array([answer.probability for answer in scored])


@pytest.mark.parametrize(
    ("model", "source", "figure"),
    [
        ("float", "ham10000-full", 0.903),
        ("int8", "ham10000-full", 0.904),
        ("float", "isic-archive", 0.826),
        ("int8", "isic-archive", 0.828),
    ],
)
def test_auc_on_images_that_decided_nothing(model: str, source: str, figure: float) -> None:
    melanoma, scored = answers(model, source)
    assert auc(melanoma, probabilities(scored)) == pytest.approx(figure, abs=0.003)


@pytest.mark.parametrize("model", [MODEL, INT8], ids=["float", "int8"])
def test_close_ups_without_a_dermatoscope_are_recognised(model: dermdistill.Model) -> None:
    """The files were fitted on these; docs/results.md has the share of those left out of a fit."""
    folder = needed("clinical-photographs")
    found = model.predict(sorted(folder.glob("*.jpg")))
    assert np.mean([NOT_DERMOSCOPIC in answer.warnings for answer in found]) >= 0.9


@pytest.mark.parametrize(
    ("source", "share"), [("ham10000", 0.03), ("ham10000-full", 0.02), ("isic-archive", 0.05)]
)
def test_few_dermoscopic_photographs_are_taken_for_something_else(source: str, share: float) -> None:
    records = read_sources([needed(source)]).records
    scored = [MODEL.score(record.image.decode()) for record in records[:: -(-len(records) // 500)]]
    assert np.mean([NOT_DERMOSCOPIC in answer.warnings for answer in scored]) <= share


def test_files_are_scored_in_their_order() -> None:
    some = slice(None, None, 10)
    paths = [str(record.image.name) for record in images_of_test("isic-archive")[some]]
    rows = list(score_files(MODEL, paths, workers=2))
    assert [(row.path, row.prediction) for row in rows] == list(
        zip(paths, answers("float", "isic-archive")[1][some], strict=True)
    )


@pytest.mark.parametrize("shape", [(600, 450), (1801, 1351)])
def test_a_photograph_has_one_answer(shape: tuple[int, int]) -> None:
    """Enlarged to what cameras give: as a file, as a Pillow image, as pixels, and from ONNX Runtime alone."""
    session = onnxruntime.InferenceSession(SHIPPED)
    for record in images_of_test("ham10000-full")[::100]:
        buffer = io.BytesIO()
        Image.fromarray(record.image.decode()).resize(shape, Image.Resampling.BICUBIC).save(buffer, "JPEG")
        picture = Image.open(buffer).copy()
        pixels = np.asarray(picture)
        scored = [answer.probability for answer in MODEL.predict([buffer.getvalue(), picture, pixels])]
        (plain,) = session.run(["probability"], {"pixels": pixels[None]})[0]
        assert len(set(scored)) == 1
        assert plain == pytest.approx(scored[0], abs=1e-6)


def test_copies_of_training_images_are_recognised_and_test_images_are_not() -> None:
    table = unpack_hashes(MODEL.info.learned_from or "")

    def share_recognised(records: list[Record], side: int) -> float:
        pictures = [Image.fromarray(record.image.decode()).resize((side, side)) for record in records]
        found = nearest(np.stack([coefficients(np.asarray(picture)) for picture in pictures]), table)
        return float((found.distance <= SAME_BY_SHORT_HASH).mean())

    assert share_recognised(images_of("train", *of_the_shipped_model())[::40], 150) > 0.97
    assert share_recognised(images_of_test("ham10000-full"), 150) < 0.01
