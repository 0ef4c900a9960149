import numpy as np
import pytest

from dermdistill.errors import UserError
from dermdistill.evaluation.lesions import by_lesion
from dermdistill.evaluation.predictions import Predictions


def photographs(**changes: object) -> Predictions:
    """Lesion b has two photographs."""
    values: dict[str, object] = {
        "image_id": ("1", "2", "3"),
        "lesion_id": ("b", "a", "b"),
        "split": ("all",) * 3,
        "diagnosis": ("melanoma", "nevus", "melanoma"),
        "probability": np.array([0.1, 0.3, 0.8]),
        "classes": ("keratosis", "melanoma", "nevus"),
        "class_probabilities": np.array([[0.6, 0.1, 0.3], [0.4, 0.3, 0.3], [0.1, 0.8, 0.1]]),
        "seen": ("", "", "lesion"),
        "details": {"age": ("40", "", "50")},
    }
    return Predictions(**{**values, **changes})  # type: ignore[arg-type]


def test_a_lesion_has_the_mean_log_odds_of_its_photographs() -> None:
    """By hand: odds 1/9 and 4 have the geometric mean 2/3; the others are 0.7 to 0.4 and share 0.6."""
    lesions = by_lesion(photographs())
    assert (lesions.image_id, lesions.lesion_id) == (("1", "2"), ("b", "a"))
    assert lesions.diagnosis == ("melanoma", "nevus")
    np.testing.assert_allclose(lesions.probability, [0.4, 0.3])
    assert lesions.class_probabilities is not None
    np.testing.assert_allclose(
        lesions.class_probabilities, [[0.6 * 7 / 11, 0.4, 0.6 * 4 / 11], [0.4, 0.3, 0.3]]
    )
    assert lesions.seen == ("lesion", "")
    assert lesions.details == {"age": ("40", "")}


def test_of_one_photograph_each_nothing_changes() -> None:
    single = photographs(lesion_id=("1", "2", "3"))
    lesions = by_lesion(single)
    assert lesions.image_id == single.image_id
    np.testing.assert_allclose(lesions.probability, single.probability)


def test_certain_photographs_do_not_make_a_lesion_undefined() -> None:
    lesions = by_lesion(
        photographs(probability=np.array([0.0, 0.3, 1.0]), classes=(), class_probabilities=None)
    )
    assert lesions.probability[0] == pytest.approx(0.5)
    assert lesions.class_probabilities is None


def test_two_diagnoses_of_a_lesion_are_refused() -> None:
    with pytest.raises(
        UserError, match=r"^lesion b: melanoma on 1 of its 2 photographs; .* correct the labels$"
    ):
        by_lesion(photographs(diagnosis=("melanoma", "nevus", "nevus")))
