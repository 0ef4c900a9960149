"""Operating points of exported files for the mean over a lesion's photographs."""

import numpy as np
import pytest

from dermdistill.evaluation.predictions import Predictions
from dermdistill.evaluation.thresholds import operating_points
from dermdistill.pipeline.export import _points_of_lesions


def validation(lesions: str, probability: list[float], melanoma: str) -> Predictions:
    """A photograph for each letter, of the lesion of that name; those in ``melanoma`` are melanomas."""
    return Predictions(
        image_id=tuple(f"image{i}" for i in range(len(lesions))),
        lesion_id=tuple(lesions),
        split=("val",) * len(lesions),
        diagnosis=tuple("melanoma" if name in melanoma else "nevus" for name in lesions),
        probability=np.array(probability),
        classes=(),
        class_probabilities=None,
        seen=(),
        source=("",) * len(lesions),
        details={},
    )


def test_they_are_chosen_on_the_means_and_say_so_in_their_names() -> None:
    # The mean of the log-odds of 0.2 and 0.8 is that of 0.5.
    photographs = validation("aabbcd", [0.2, 0.8, 0.2, 0.8, 0.6, 0.3], melanoma="ac")
    means = validation("abcd", [0.5, 0.5, 0.6, 0.3], melanoma="ac")
    expected = {point.name: point for point in operating_points(means)}
    found = _points_of_lesions(photographs)
    assert [point.name for point in found] == [f"{name}_lesions" for name in expected if name != "argmax"]
    for point in found:
        same = expected[point.name.removesuffix("_lesions")]
        assert point.threshold == pytest.approx(same.threshold)
        assert (point.sensitivity, point.specificity) == (same.sensitivity, same.specificity)


def test_there_are_none_where_each_lesion_has_one_photograph_or_one_class_is_missing() -> None:
    assert _points_of_lesions(validation("abc", [0.2, 0.8, 0.6], melanoma="b")) == []
    assert _points_of_lesions(validation("aab", [0.2, 0.8, 0.6], melanoma="")) == []
