import numpy as np
import pytest

from dermdistill.evaluation.predictions import Predictions
from dermdistill.evaluation.results import OperatingPoint
from dermdistill.export.parity import Parity, measure


def table(probability: list[float]) -> Predictions:
    images = len(probability)
    return Predictions(
        image_id=tuple(f"i{i}" for i in range(images)),
        lesion_id=tuple(f"l{i}" for i in range(images)),
        split=("test",) * images,
        diagnosis=tuple("melanoma" if i % 2 else "nevus" for i in range(images)),
        probability=np.array(probability),
    )


def point(threshold: float) -> list[OperatingPoint]:
    return [OperatingPoint(name="youden", threshold=threshold, chosen_on="val")]


BEFORE = [0.1, 0.9, 0.2, 0.8, 0.4, 0.3]  # nevus, melanoma, ...: 8 of 9 pairs ranked rightly
AFTER = [0.1, 0.85, 0.2, 0.8, 0.28, 0.3]  # all of them


def compared(tolerance: float) -> Parity:
    return measure(
        ("PyTorch", table(BEFORE), point(0.35)),
        ("ONNX", table(AFTER), point(0.29)),
        size=1234,
        tolerance=tolerance,
        photographs=table([probability + 0.01 for probability in AFTER]),
        replicates=100,
    )


def test_by_hand() -> None:
    parity = compared(0.2)
    assert parity.largest_difference == pytest.approx(0.12)
    assert parity.mean_difference == pytest.approx((0.05 + 0.12) / 6)
    assert parity.resize_difference == pytest.approx(0.01)
    assert parity.auc_before.value == pytest.approx(8 / 9)
    assert parity.auc_after.value == 1
    assert parity.delta_auc.value == pytest.approx(1 / 9)
    (youden,) = parity.points
    # Images 4 and 5 get another decision, each now the right one.
    assert youden.changed == 2
    assert youden.sensitivity_before.value == youden.specificity_before.value == pytest.approx(2 / 3)
    assert youden.sensitivity_after.value == youden.specificity_after.value == 1
    assert (youden.threshold_before, youden.threshold_after) == (0.35, 0.29)


@pytest.mark.parametrize(("tolerance", "holds"), [(0.13, True), (0.11, False)])
def test_it_holds_within_the_tolerance(tolerance: float, holds: bool) -> None:
    assert compared(tolerance).holds is holds


def test_other_diagnoses_are_told_of_and_let_through() -> None:
    """P(melanoma) alike, two other diagnoses exchanged."""
    classes = ("a", "b", "melanoma")
    rows = np.array([[0.6, 0.3, 0.1], [0.05, 0.05, 0.9]])
    tables = [
        Predictions(
            image_id=("x", "y"),
            lesion_id=("x", "y"),
            split=("test",) * 2,
            diagnosis=("a", "melanoma"),
            probability=part[:, 2],
            classes=classes,
            class_probabilities=part,
        )
        for part in (rows, rows[:, [1, 0, 2]])
    ]
    parity = measure(
        *(("A", tables[0], []), ("B", tables[1], [])),
        size=1,
        tolerance=0.1,
        photographs=tables[1],
        replicates=100,
    )
    assert parity.largest_of_any_class == pytest.approx(0.3)
    assert parity.largest_difference == 0
    assert parity.holds
