"""The misses that a promise allows, against the risk control of another package."""

import numpy as np
import pytest

from dermdistill.adaptation.promise import allowed_misses

risk_control = pytest.importorskip("mapie.risk_control")


@pytest.mark.parametrize("melanomas", [20, 60, 100, 300])
def test_against_the_risk_control_of_mapie(melanomas: int) -> None:
    """MAPIE tests with a bound on the binomial tail: it never promises more, and hardly less."""
    scores = np.sort(np.random.default_rng(0).random(melanomas))
    control = risk_control.BinaryClassificationController(
        lambda x: np.column_stack([1 - x[:, 0], x[:, 0]]),
        risk="recall",
        target_level=0.9,
        confidence_level=0.95,
        list_predict_params=np.concatenate([[0.0], scores]),
        fwer_method="fixed_sequence",
    )
    if allowed_misses(melanomas, 0.9) is None:
        with pytest.warns(UserWarning, match="No predict parameters"):
            control.calibrate(scores[:, None], np.ones(melanomas, dtype=int))
        return
    control.calibrate(scores[:, None], np.ones(melanomas, dtype=int))
    of_mapie = int((scores < max(control.valid_predict_params)).sum())
    misses = allowed_misses(melanomas, 0.9)
    assert misses is not None
    assert of_mapie <= misses <= of_mapie + 1
