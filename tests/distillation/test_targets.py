from pathlib import Path

import numpy as np
import pytest

from dermdistill.data.images import ImageFile
from dermdistill.distillation.targets import (
    NOT_LEARNED,
    class_frequencies,
    class_indices,
    class_weights,
    classes_of,
)
from dermdistill.errors import UserError
from dermdistill.records import Record


def records(*diagnoses: str) -> list[Record]:
    return [Record(f"i{i}", ImageFile(Path("x.jpg")), f"l{i}", name) for i, name in enumerate(diagnoses)]


def test_binary_target_is_melanoma_or_other() -> None:
    given = records("nevus", "melanoma", "vascular lesion")
    assert classes_of(given, "binary") == ("other", "melanoma")
    assert class_indices(given, ("other", "melanoma")).tolist() == [0, 1, 0]


def test_diagnoses_are_sorted_and_hold_melanoma() -> None:
    given = records("nevus", "melanoma", "dermatofibroma", "nevus")
    classes = classes_of(given, "diagnoses")
    assert classes == ("dermatofibroma", "melanoma", "nevus")
    assert class_indices(given, classes).tolist() == [2, 1, 0, 2]


def test_a_diagnosis_of_less_than_one_in_a_thousand_is_not_learned() -> None:
    given = records(*["nevus"] * 1996, "melanoma", "dermatofibroma", "angioma", "angioma")
    classes = classes_of(given, "diagnoses")
    assert classes == ("angioma", "melanoma", "nevus")  # melanoma always is
    assert class_indices(given[1995:], classes).tolist() == [2, 1, NOT_LEARNED, 0, 0]
    found = class_frequencies(given, classes, "none")
    np.testing.assert_allclose(found, [2 / 1999, 1 / 1999, 1996 / 1999])


def test_a_class_named_other_takes_nothing_else() -> None:
    assert class_indices(records("nevus"), ("dermatofibroma", "melanoma", "other")).tolist() == [NOT_LEARNED]


@pytest.mark.parametrize("diagnoses", [["melanoma"], ["nevus", "dermatofibroma"]])
def test_diagnoses_need_melanoma_and_another(diagnoses: list[str]) -> None:
    with pytest.raises(UserError, match="expected melanoma and at least one other"):
        classes_of(records(*diagnoses), "diagnoses")


def test_class_weights_by_hand() -> None:
    labels = np.array([0, 0, 0, 1])
    assert class_weights(labels, 2, "none") is None
    balanced = class_weights(labels, 2, "balanced")
    assert balanced is not None
    assert balanced[1] / balanced[0] == pytest.approx(3)
    root = class_weights(labels, 2, "sqrt")
    assert root is not None
    assert root[1] / root[0] == pytest.approx(3**0.5)


CLASSES = ("dermatofibroma", "melanoma", "nevus")
TRAINING = records("nevus", "nevus", "nevus", "nevus", "melanoma", "melanoma", "dermatofibroma", "nevus")


def test_frequencies_are_the_shares_of_the_images() -> None:
    found = class_frequencies(TRAINING, CLASSES, "none")
    np.testing.assert_allclose(found, [1 / 8, 2 / 8, 5 / 8])


def test_a_class_of_a_larger_weight_counts_as_more_frequent() -> None:
    found = class_frequencies(TRAINING, CLASSES, "balanced")
    np.testing.assert_allclose(found, [1 / 3, 1 / 3, 1 / 3], rtol=1e-6)
    roots = np.sqrt([1, 2, 5])
    found = class_frequencies(TRAINING, CLASSES, "sqrt")
    np.testing.assert_allclose(found, roots / roots.sum(), rtol=1e-6)
