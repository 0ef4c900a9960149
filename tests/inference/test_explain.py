from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from scipy.stats import spearmanr
from torch import Tensor, nn

from dermdistill.data.images import InputSpec, resize
from dermdistill.export.graph import assemble
from dermdistill.export.network import to_onnx
from dermdistill.inference.calibration import expit
from dermdistill.inference.explain import (
    ZOOMS,
    Floats,
    explain_decoded,
    occlude,
    score_views,
    views_of,
    window_of,
)
from dermdistill.inference.model import Model, load
from dermdistill.inference.model_info import ModelInfo
from dermdistill.models.dsnet import DSNet
from dermdistill.records import Pixels


class RedOfOnePixel(nn.Module):
    """Log-odds of melanoma: ten times the red of the pixel at row 12, column 20, on the scale 0..1."""

    def forward(self, images: Tensor) -> Tensor:
        red = images[:, 0, 12, 20]
        return torch.stack([torch.zeros_like(red), 10 * red], dim=1)


@pytest.fixture(scope="module")
def one_pixel(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """It sees one pixel of 32 x 32."""
    info = ModelInfo("one pixel", ("other", "melanoma"), InputSpec(32, (0, 0, 0), (1, 1, 1)))
    path = tmp_path_factory.mktemp("model") / "one-pixel.onnx"
    path.write_bytes(assemble(to_onnx(RedOfOnePixel(), 32), info).SerializeToString())
    return load(path, operating_point=0.5)


def replace_threshold(model: Model, threshold: float) -> Model:
    return replace(model, operating_point=replace(model.operating_point, threshold=threshold))


def at_random(like: Path, folder: Path) -> Model:
    """The same architecture with other random weights."""
    torch.manual_seed(1)
    path = folder / "random.onnx"
    path.write_bytes(assemble(to_onnx(DSNet(24, 3), 24), load(like).info).SerializeToString())
    return load(path)


def noise(size: int) -> Pixels:
    return np.random.default_rng(0).integers(60, 200, (size, size, 3), dtype=np.uint8)


def rank_correlation(one: Floats, other: Floats) -> float:
    return float(spearmanr(one.ravel(), other.ravel()).statistic)


def test_the_map_of_a_model_that_sees_one_pixel_is_worked_out_by_hand(one_pixel: Model) -> None:
    """Windows of 4 slide by 2: a pixel of the same 2 x 2 cell shares all 4 of its windows with the one seen,
    one of a cell beside it 2, of a cell at its corner 1, and any other none."""
    pixels = noise(32)
    pixels[12, 20, 0] = 255
    blurred = np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(4)))
    fall = 10 * (255 - int(blurred[12, 20, 0])) / 255
    expected = np.zeros((32, 32))
    expected[10:16, 18:24] = fall * np.kron([[1, 2, 1], [2, 4, 2], [1, 2, 1]], np.ones((2, 2))) / 4

    importance = occlude(one_pixel, pixels).importance

    assert window_of(32) == 4
    assert fall > 1
    np.testing.assert_allclose(importance, expected, atol=1e-3)


def test_what_lowers_p_is_negative(one_pixel: Model) -> None:
    pixels = noise(32)
    pixels[12, 20, 0] = 0

    importance = occlude(one_pixel, pixels).importance

    assert importance[12, 20] == importance.min() < -1


@pytest.mark.parametrize(
    ("red", "threshold", "decisive"),
    [
        (255, 0.999, 4),  # log-odds of 10 fall to 5, below 6.9, in each of the windows that cover the pixel
        (255, 0.95, 0),  # 5 is above 2.9
        (0, 0.95, 4),  # not called melanoma until the pixel is hidden
        (0, 0.999, 0),
    ],
)
def test_a_place_is_decisive_where_hiding_it_changes_the_decision(
    one_pixel: Model, red: int, threshold: float, decisive: int
) -> None:
    """Of a model that sees one pixel, in an image whose every other pixel has half the red."""
    pixels = np.full((32, 32, 3), 128, dtype=np.uint8)
    pixels[12, 20, 0] = red
    model = replace_threshold(one_pixel, threshold)

    occlusion = occlude(model, pixels)

    assert occlusion.places == 17**2
    assert occlusion.decisive == decisive
    assert occlusion.largest == pytest.approx(10 * (red - 128) / 255, abs=0.1)


@pytest.mark.parametrize("name", ["photo0.jpg", "photo1.jpg", "photo2.jpg"])
def test_a_re_stated_prevalence_changes_no_decisive_place(
    model_file: Path, photographs: Path, name: str
) -> None:
    decisive = []
    for prevalence in (None, 0.001, 0.9):
        model = load(model_file, operating_point="youden", prevalence=prevalence)
        decisive.append(occlude(model, resize(model.read(photographs / name).pixels, 24)).decisive)

    assert len(set(decisive)) == 1


def test_where_everything_is_called_melanoma_no_place_is_decisive(one_pixel: Model) -> None:
    model = replace_threshold(one_pixel, 0)

    assert occlude(model, noise(32)).decisive == 0


def test_an_image_of_one_colour_has_an_empty_map(model_file: Path) -> None:
    assert not occlude(load(model_file), np.full((24, 24, 3), 150, dtype=np.uint8)).importance.any()


def test_randomised_weights_give_another_map(model_file: Path, photographs: Path, tmp_path: Path) -> None:
    """Adebayo et al. 2018: a map that survived this would show the image, not the model."""
    model, randomised = load(model_file), at_random(model_file, tmp_path)
    rng = np.random.default_rng(0)
    between_models, between_inputs = [], []
    for path in sorted(photographs.iterdir()):
        pixels = resize(model.read(path).pixels, 24)
        nearly = (pixels + rng.integers(0, 2, pixels.shape)).clip(0, 255).astype(np.uint8)
        own = occlude(model, pixels).importance
        between_models.append(rank_correlation(own, occlude(randomised, pixels).importance))
        between_inputs.append(rank_correlation(own, occlude(model, nearly).importance))

    assert np.mean(np.abs(between_models)) < 0.5
    assert min(between_inputs) > 0.9


@pytest.mark.parametrize("size", [1, 3, 18, 24, 65, 224, 299])
def test_windows_are_even_and_an_eighth_of_the_side(size: int) -> None:
    window = window_of(size)

    assert window % 2 == 0
    assert window == 2 or abs(window - size / 8) <= 1


def test_views_are_the_image_its_mirrored_and_turned_ones_and_closer_ones() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (36, 24, 3), dtype=np.uint8)

    views = list(views_of(pixels))

    assert len(views) == 8 * len(ZOOMS)
    assert np.array_equal(views[0], pixels)
    assert len({view.tobytes() for view in views}) == len(views)
    assert {view.shape for view in views[:8]} == {(36, 24, 3), (24, 36, 3)}
    assert np.array_equal(views[16], pixels[3:33, 2:22])


def test_the_smallest_image_has_views() -> None:
    assert {view.shape for view in views_of(np.zeros((1, 1, 3), dtype=np.uint8))} == {(1, 1, 3)}


def test_the_turned_views_of_a_symmetric_image_have_one_p(model_file: Path) -> None:
    row, column = np.mgrid[:48, :48] - 23.5
    disc = np.where(row**2 + column**2 < 15**2, 90, 190).astype(np.uint8)

    views = score_views(load(model_file), np.repeat(disc[..., None], 3, axis=2))

    assert len(set(views.probabilities[:8])) == 1
    assert len(set(views.probabilities)) > 1


def test_an_explanation_holds_the_prediction_of_the_file(model_file: Path, photographs: Path) -> None:
    model = load(model_file, prevalence=0.02)
    path = photographs / "photo1.jpg"

    explanation = explain_decoded(model, model.read(path))

    views = explanation.views
    assert explanation.prediction == model.predict_file(path)
    assert explanation.prediction.probability == views.probabilities[0]
    assert views.lowest <= views.mean <= views.highest
    assert views.lowest <= explanation.prediction.probability <= views.highest
    assert views.called_melanoma == sum(p >= model.operating_point.threshold for p in views.probabilities)
    assert explanation.occlusion.importance.shape == (24, 24)
    assert explanation.occlusion.places == 13**2
    assert explanation.runs == 1 + 24 + 1 + 13**2


def test_an_explanation_does_not_depend_on_the_number_of_cores(
    model_file: Path, photographs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(model_file)
    read = model.read(photographs / "photo1.jpg")
    maps = []
    for cores in (1, 7):
        monkeypatch.setenv("OMP_NUM_THREADS", str(cores))
        maps.append(explain_decoded(model, read).occlusion.importance.tobytes())

    assert maps[0] == maps[1]


def test_log_odds_are_those_of_p_and_finite_where_p_is_not_told_from_1(one_pixel: Model) -> None:
    pixels = np.zeros((2, 32, 32, 3), dtype=np.uint8)
    pixels[1, 12, 20, 0] = 51

    log_odds = one_pixel.log_odds(pixels)

    np.testing.assert_allclose(log_odds, [0, 2], atol=1e-6)
    np.testing.assert_allclose(
        expit(log_odds), [one_pixel.score(each).probability for each in pixels], rtol=1e-6
    )


class Certain(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        none = torch.zeros_like(images[:, 0, 0, 0])
        return torch.stack([none - 500, none + 500], dim=1)


def test_log_odds_of_a_certain_model_are_finite(one_pixel: Model, tmp_path: Path) -> None:
    info = replace(one_pixel.info, architecture="certain")
    path = tmp_path / "certain.onnx"
    path.write_bytes(assemble(to_onnx(Certain(), 32), info).SerializeToString())
    model = load(path, operating_point=0.5)
    pixels = noise(32)

    assert 80 < model.log_odds(pixels[None])[0] < 90
    assert not occlude(model, pixels).importance.any()
