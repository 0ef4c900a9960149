"""Fit the detector of a network, on its training images and on pictures that are not dermoscopic."""

import warnings
from collections.abc import Sequence

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import ModelProto
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from dermdistill.export.detector import FEATURES, LAST, Detector, in_half_precision
from dermdistill.export.graph import assemble_features
from dermdistill.inference.detector import DetectorLimits
from dermdistill.inference.model_info import ModelInfo

Floats = NDArray[np.float64]

_STRENGTH = 3000.0
"""Inverse strength of the L2 penalty, for training images that weigh 1 in all."""
_ITERATIONS = 500
"""At most; the shipped student needs 200."""
_OTHERS_WEIGH = 0.25
"""What the pictures of each other kind weigh together."""
_WARNED = 0.98, 0.999
"""Quantiles of the validation images at which the limits of log-odds and distance lie."""
_FLOOR = 1e-3
"""Added to variances that are relative to the mean variance: a feature that never varies has none."""
_MOST_WEIGHTS = 128 * 128
"""Of the whitening, so that a network with thousands of last features stays as small as it is."""
_BATCH = 64


class FeatureFile:
    """What the detector of a network looks at, of any images.

    Attributes:
        last: how many features, the last ones, are those of the last feature map.
    """

    def __init__(self, content: bytes) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self.last: int = self._session.run([LAST], {"pixels": np.zeros((1, 8, 8, 3), np.uint8)})[0].shape[1]

    @classmethod
    def of(cls, network: ModelProto, info: ModelInfo) -> "FeatureFile | None":
        """Of a network of ``export.network.to_onnx``; None where a detector finds nothing to look at."""
        model = assemble_features(network, info)
        return None if model is None else cls(model.SerializeToString())

    def features(self, pixels: NDArray[np.uint8]) -> Floats:
        """``(N, F)`` of images ``(N, S, S, 3)``."""
        parts = [pixels[start : start + _BATCH] for start in range(0, len(pixels), _BATCH)]
        tables = [self._session.run([FEATURES], {"pixels": part})[0] for part in parts]
        return np.concatenate(tables).astype(np.float64)


def fit(training: Floats, others: Sequence[Floats], last: int) -> Detector:
    """Fit both answers.

    Args:
        training: features ``(N, F)`` of training images.
        others: features of pictures that are no dermoscopic photographs, each kind its own table and its own
            class; all kinds weigh the same, however many pictures they have.
        last: how many of the F features are those of the last feature map.
    """
    centre, spread = training.mean(axis=0), training.std(axis=0)
    scale = np.maximum(spread, _FLOOR * max(float(spread.mean()), np.finfo(float).tiny))
    tables = [training, *others]
    kind_weights = [1.0, *(_OTHERS_WEIGH for _ in others)]
    model = LogisticRegression(C=_STRENGTH, max_iter=_ITERATIONS)
    with warnings.catch_warnings():
        # Where a feature hardly varies in training, the fit may stop early. It separates the kinds anyway.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(
            (np.concatenate(tables) - centre) / scale,
            np.repeat(np.arange(len(tables)), [len(table) for table in tables]),
            np.repeat(
                [w / len(table) for w, table in zip(kind_weights, tables, strict=True)],
                [len(t) for t in tables],
            ),
        )
    # Of two classes there is one line already, the log-odds of the second.
    coefficients, intercepts = model.coef_, model.intercept_
    if len(others) > 1:
        coefficients, intercepts = coefficients[1:] - coefficients[0], intercepts[1:] - intercepts[0]
    weights = in_half_precision(coefficients.T / scale[:, None])
    of_last = training[:, -last:]
    return Detector(
        weights=weights,
        biases=(intercepts - centre @ weights).astype(np.float32),
        centre=of_last.mean(axis=0).astype(np.float32),
        whitening=in_half_precision(_whitening(of_last)),
    )


def limits(answers: Floats, sources: Sequence[str]) -> DetectorLimits:
    """The limits that few validation images exceed: the mean of those of each source.

    Args:
        answers: ``(N, 2)``, of validation images.
        sources: where each comes from.
    """
    named = np.array(sources)
    of_sources = [
        [np.quantile(answers[named == source, i], share) for i, share in enumerate(_WARNED)]
        for source in np.unique(named)
    ]
    log_odds, distance = np.mean(of_sources, axis=0)
    return DetectorLimits(float(log_odds), float(distance))


def _whitening(features: Floats) -> Floats:
    """``(L, D)``: makes a Euclidean distance of Mahalanobis', along the D directions that vary most.

    These are all directions of up to 128 features.
    """
    centred = features - features.mean(axis=0)
    covariance = centred.T @ centred / len(features)
    values, vectors = np.linalg.eigh(covariance)
    floor = _FLOOR * max(float(values.mean()), np.finfo(float).tiny)
    whitening: Floats = vectors / np.sqrt(np.maximum(values, 0) + floor)
    last = features.shape[1]
    return whitening[:, -max(min(last, _MOST_WEIGHTS // last), 1) :]
