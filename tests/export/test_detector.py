"""The detector on untrained networks, whose features differ between kinds of pictures all the same."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from onnx import ModelProto
from scipy.spatial.distance import mahalanobis
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from dermdistill.data.images import InputSpec
from dermdistill.data.sources import synthetic
from dermdistill.export.detector import Detector, detector_of, in_half_precision, looked_at
from dermdistill.export.detector_fit import FeatureFile, fit, limits
from dermdistill.export.graph import assemble, network_of
from dermdistill.export.int8 import quantise
from dermdistill.export.network import to_onnx
from dermdistill.export.other_pictures import drawn, framed_anew, views
from dermdistill.inference.detector import DetectorLimits
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.onnx import OnnxModel
from dermdistill.models.registry import build

SIZE = 32
INFO = ModelInfo("dermlet", ("melanoma", "other"), InputSpec(SIZE))
RNG = np.random.default_rng(0)


@cache
def network(architecture: str) -> ModelProto:
    torch.manual_seed(0)
    return to_onnx(build(architecture, 2, SIZE).eval(), SIZE)


@pytest.fixture(scope="module")
def lesions() -> NDArray[np.uint8]:
    records = synthetic.read(60, size=SIZE, difficulty=0.3, seed=1).records
    return np.stack([record.image.decode() for record in records])


def looker(architecture: str = "dermlet") -> FeatureFile:
    found = FeatureFile.of(network(architecture), INFO)
    assert found is not None
    return found


def test_it_looks_at_the_last_eight_linear_maps_of_a_mobile_network() -> None:
    made_by = {output: node.op_type for node in network("dermlet").graph.node for output in node.output}
    names = looked_at(network("dermlet"))
    assert len(names) == 8
    assert {made_by[name] for name in names} == {"Conv", "Add"}


def test_its_features_are_the_means_of_those_maps_and_of_their_inner_halves(
    lesions: NDArray[np.uint8],
) -> None:
    torch.manual_seed(0)
    trained = build("dermlet", 2, SIZE).eval()
    maps: list[torch.Tensor] = []
    for block in list(trained.features)[-8:]:  # type: ignore[arg-type]
        block.register_forward_hook(lambda _module, _input, output: maps.append(output))
    spec = INFO.input
    normalised = (lesions.astype(np.float32) / 255 - spec.mean) / spec.std
    with torch.no_grad():
        trained(torch.from_numpy(normalised.astype(np.float32)).permute(0, 3, 1, 2))
    # Maps of 8, 4 and 2 pixels: 2, 1 and no pixels are left out on each side.
    inner = [each[:, :, s // 4 : s - s // 4, s // 4 : s - s // 4] for each in maps for s in each.shape[2:3]]
    expected = torch.cat([each.mean(dim=(2, 3)) for each in [*inner, *maps]], dim=1).numpy()
    np.testing.assert_allclose(looker().features(lesions), expected, atol=1e-4)
    assert looker().last == maps[-1].shape[1]


def test_an_8_bit_file_looks_at_the_same_maps(lesions: NDArray[np.uint8]) -> None:
    """Its rounding takes the place of the activations after wide convolutions, which are no other maps."""
    found = FeatureFile.of(quantise(network("dermlet"), lesions[:20], INFO.input), INFO)
    assert found is not None
    floats, rounded = looker().features(lesions), found.features(lesions)
    assert rounded.shape == floats.shape
    assert np.corrcoef(floats.ravel(), rounded.ravel())[0, 1] > 0.95


@pytest.mark.parametrize("architecture", ["test_resnet", "dsnet"])
def test_a_network_without_such_maps_gives_the_input_of_its_last_layer(architecture: str) -> None:
    found = looker(architecture)
    assert found.features(np.zeros((2, SIZE, SIZE, 3), np.uint8)).shape == (2, found.last)


@pytest.mark.parametrize("kinds", [1, 3])
@pytest.mark.parametrize("architecture", ["dermlet", "test_resnet"])
def test_the_file_answers_as_the_detector_does(
    architecture: str, kinds: int, lesions: NDArray[np.uint8]
) -> None:
    seen = looker(architecture)
    others = np.array_split(drawn(lesions)[:60], kinds)
    detector = fit(seen.features(lesions), [seen.features(each) for each in others], seen.last)
    expected = detector.answers(seen.features(lesions))
    limit = DetectorLimits(*np.median(expected, axis=0).tolist())
    content = assemble(network(architecture), replace(INFO, detector=limit), detector).SerializeToString()
    model = OnnxModel(content, "m.onnx")
    np.testing.assert_allclose(model.detector(lesions), expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(model.score(lesions[3]).detector, expected[3], rtol=1e-3, atol=1e-3)
    assert model.info.detector == limit


def test_a_file_without_one_gives_no_answer() -> None:
    model = OnnxModel(assemble(network("dermlet"), INFO).SerializeToString(), "m.onnx")
    assert np.isnan(model.detector(np.zeros((2, SIZE, SIZE, 3), np.uint8))).all()


def test_a_file_gives_its_detector_back(lesions: NDArray[np.uint8]) -> None:
    detector = Detector(
        weights=in_half_precision(RNG.normal(size=(looker().features(lesions).shape[1], 2))),
        biases=np.array([0.5, -1], np.float32),
        centre=np.ones(looker().last, np.float32),
        whitening=np.eye(looker().last, dtype=np.float32),
    )
    model = assemble(network("dermlet"), INFO, detector)
    again = assemble(network_of(model), INFO, detector_of(model))
    assert again.SerializeToString() == model.SerializeToString()
    assert detector_of(assemble(network("dermlet"), INFO)) is None


def test_distances_are_mahalanobis() -> None:
    training = RNG.normal(size=(4000, 6)) @ RNG.normal(size=(6, 6)) + np.arange(6)
    detector = fit(training, [RNG.normal(30, 1, (50, 6))], last=4)
    of_last = training[:, -4:]
    precision = np.linalg.inv(np.cov(of_last, rowvar=False))
    expected = [mahalanobis(row, of_last.mean(axis=0), precision) for row in of_last[:20]]
    # A small floor under the variances shortens all distances a little.
    np.testing.assert_allclose(detector.answers(training[:20])[:, 1], expected, rtol=0.02)


@pytest.mark.parametrize(("last", "directions"), [(1, 1), (80, 80), (128, 128), (512, 32), (1000, 16)])
def test_a_network_of_many_features_gets_few_directions(last: int, directions: int) -> None:
    """A file must not grow by a square of them; those along which training images vary most are kept."""
    rng = np.random.default_rng(3)
    training = rng.normal(size=(60, last)) * np.linspace(1, 3, last)
    detector = fit(training, [training[:20] + 9], last)
    assert detector.whitening.shape == (last, directions)
    centred = training - training.mean(axis=0)
    kept = np.linalg.svd(centred, full_matrices=False)[2][:directions].T
    # The same space as the first principal components.
    basis = np.linalg.qr(detector.whitening.astype(float))[0]
    if directions < 59:
        np.testing.assert_allclose(np.linalg.svd(kept.T @ basis)[1], 1, atol=1e-3)
    assert np.isfinite(detector.answers(training)).all()


def test_kinds_weigh_the_same_however_many_pictures_they_have() -> None:
    """Two kinds on opposite sides: if pictures counted, the limit would be nearer to the small kind."""
    training = RNG.normal(0, 0.3, (400, 2))
    few, many = RNG.normal((3, 0), 0.3, (20, 2)), RNG.normal((0, 3), 0.3, (2000, 2))
    detector = fit(training, [few, many], last=2)
    of_few, of_many = detector.answers(np.array([[1.5, 0], [0, 1.5]]))[:, 0]
    assert of_few == pytest.approx(of_many, abs=2)


def test_kinds_on_opposite_sides_are_both_found() -> None:
    """No one line can do that."""
    training = RNG.normal(0, 0.3, (400, 2))
    kinds = [RNG.normal((side, 0), 0.3, (50, 2)) for side in (-3, 3)]
    log_odds = fit(training, kinds, last=2).answers(np.concatenate([training, *kinds]))[:, 0]
    assert roc_auc_score(np.arange(500) >= 400, log_odds) == 1


def test_the_log_odds_are_those_of_scikit_learns_classifier() -> None:
    training = RNG.normal(size=(300, 5))
    kinds = [RNG.normal(1, 1, (80, 5)), RNG.normal(-1, 2, (120, 5))]
    tables = [training, *kinds]
    model = LogisticRegression(C=3000, max_iter=500).fit(
        (np.concatenate(tables) - training.mean(axis=0)) / training.std(axis=0),
        np.repeat([0, 1, 2], [300, 80, 120]),
        np.repeat([1 / 300, 0.25 / 80, 0.25 / 120], [300, 80, 120]),
    )
    new = RNG.normal(size=(50, 5))
    other = 1 - model.predict_proba((new - training.mean(axis=0)) / training.std(axis=0))[:, 0]
    found = fit(training, kinds, last=5).answers(new)[:, 0]
    np.testing.assert_allclose(found, np.log(other / (1 - other)), atol=1e-3)


def test_features_that_never_vary_do_no_harm() -> None:
    training = np.column_stack([RNG.normal(size=(200, 3)), np.zeros((200, 3))])
    detector = fit(training, [training + 4], last=4)
    assert np.isfinite(detector.answers(training)).all()


def test_limits_are_the_mean_of_those_of_each_source() -> None:
    one, other = RNG.normal(size=(1000, 2)), RNG.normal(3, 2, size=(200, 2))
    found = limits(np.concatenate([one, other]), ["a"] * 1000 + ["b"] * 200)
    assert found.log_odds == pytest.approx(
        (np.quantile(one[:, 0], 0.98) + np.quantile(other[:, 0], 0.98)) / 2
    )
    assert found.distance == pytest.approx(
        (np.quantile(one[:, 1], 0.999) + np.quantile(other[:, 1], 0.999)) / 2
    )


def test_drawn_pictures_are_found_even_by_an_untrained_network(lesions: NDArray[np.uint8]) -> None:
    """Fitted on some lesions and drawings, tried on others."""
    seen = looker()
    detector = fit(seen.features(lesions[:40]), [seen.features(drawn(lesions[:40]))], seen.last)
    chosen = limits(detector.answers(seen.features(lesions[40:])), ["drawn"] * (len(lesions) - 40))
    found = chosen.exceeded(detector.answers(seen.features(drawn(lesions[:40], seed=9)[:120])))
    assert found.mean() > 0.8


def test_views_keep_the_pictures_and_add_changed_ones(lesions: NDArray[np.uint8]) -> None:
    few = lesions[:5]
    found = views(few)
    assert found.shape == (5 * 41, SIZE, SIZE, 3)
    assert np.array_equal(found[:5], few)
    assert len({picture.tobytes() for picture in found}) == len(found)
    assert np.array_equal(found, views(few))
    many = np.zeros((1600, 4, 4, 3), np.uint8)
    assert len(views(many)) == 1600


def test_dermoscopic_images_are_framed_anew_once(lesions: NDArray[np.uint8]) -> None:
    found = framed_anew(lesions)
    assert np.array_equal(found[: len(lesions)], lesions)
    assert found.shape == (2 * len(lesions), SIZE, SIZE, 3)
    assert np.abs(found[: len(lesions)].astype(int) - found[len(lesions) :]).mean() > 1


@pytest.mark.parametrize("size", [9, 24, 128])
def test_pictures_are_drawn_for_networks_of_any_size(size: int) -> None:
    training = RNG.integers(0, 256, (3, size, size, 3), dtype=np.uint8)
    pictures = drawn(training)
    assert pictures.shape == (800, size, size, 3)
    assert pictures.dtype == np.uint8
    assert np.array_equal(pictures, drawn(training))
    assert not np.array_equal(pictures, drawn(training, seed=1))
