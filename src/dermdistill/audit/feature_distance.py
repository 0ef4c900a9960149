"""How far images are from each other in the features of a model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

# With fewer images the features' covariance makes all of them equally far from each other.
_IMAGES_A_FEATURE = 2
# With fewer numbers, such as probabilities of seven diagnoses, many different lesions have the same.
_LEAST_FEATURES = 32


@dataclass(frozen=True, slots=True)
class FeatureDistance:
    """Distances among N images: 1 - the cosine of whitened features, 0 to 2; infinite where there are none.

    Of two images it is the mean of whole against whole and middle against middle or, where it is less, whole
    against middle, as of a photograph from closer. Whitening gives rare combinations of features weight:
    without it all photographs of skin are alike.

    Attributes:
        whole, middle: ``(N, F)`` of unit length, each whitened as such.
        closer: the middles, whitened as wholes.
        there: ``(N,)``: whether an image has features.
    """

    whole: Vectors
    middle: Vectors
    closer: Vectors
    there: NDArray[np.bool_]

    @classmethod
    def of(cls, features: Vectors) -> "FeatureDistance | None":
        """From features ``(N, 2, F)`` of wholes and middles; None where ``why_none`` says why."""
        if why_none(features) is not None:
            return None
        there = _there(features)
        whole, middle = features[:, 0], features[:, 1]
        return cls(
            _whitened(whole, whole[there]),
            _whitened(middle, middle[there]),
            _whitened(middle, whole[there]),
            there,
        )

    def table(self, rows: NDArray[np.int64]) -> Vectors:
        """Of some images from all, ``(R, N)``."""
        as_framed = (self.whole[rows] @ self.whole.T + self.middle[rows] @ self.middle.T) / 2
        zoomed = np.maximum(self.whole[rows] @ self.closer.T, self.closer[rows] @ self.whole.T)
        distance: Vectors = 1 - np.maximum(as_framed, zoomed)
        distance[:, ~self.there] = np.inf
        distance[~self.there[rows]] = np.inf
        return distance

    def of_pairs(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> Vectors:
        """Of each image ``(P,)`` from its partner."""

        def cosine(one: Vectors, other: Vectors) -> Vectors:
            product: Vectors = np.einsum("pf,pf->p", one[first], other[second])
            return product

        as_framed = (cosine(self.whole, self.whole) + cosine(self.middle, self.middle)) / 2
        zoomed = np.maximum(cosine(self.whole, self.closer), cosine(self.closer, self.whole))
        return np.where(self.there[first] & self.there[second], 1 - np.maximum(as_framed, zoomed), np.inf)


def why_none(features: Vectors) -> str | None:
    """Why features ``(N, 2, F)`` say nothing of distances; None where they do."""
    images, dimensions = int(_there(features).sum()), features.shape[2]
    if dimensions < _LEAST_FEATURES:
        return f"the model has no more than {dimensions} features"
    if images < _IMAGES_A_FEATURE * dimensions:
        return f"{images} images are too few for {dimensions} features"
    return None


def _there(features: Vectors) -> NDArray[np.bool_]:
    there: NDArray[np.bool_] = np.all(np.isfinite(features), axis=(1, 2))
    return there


def _whitened(features: Vectors, like: Vectors) -> Vectors:
    """Features ``(N, F)`` as vectors of unit length, after what makes those of ``like`` uncorrelated."""
    centre = like.mean(axis=0, dtype=np.float64)
    _, deviations, axes = np.linalg.svd(like - centre, full_matrices=False)
    deviations = np.maximum(deviations, 1e-6 * max(deviations[0], 1e-12)) / np.sqrt(len(like))
    white = (np.nan_to_num(features) - centre) @ axes.T / deviations
    length = np.linalg.norm(white, axis=1, keepdims=True)
    return np.ascontiguousarray(white / np.maximum(length, 1e-12), dtype=np.float32)
