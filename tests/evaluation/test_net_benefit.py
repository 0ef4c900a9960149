import numpy as np
import pandas as pd
import pytest
from dcurves import dca

from dermdistill.evaluation.net_benefit import THRESHOLDS, net_benefit


def test_it_is_that_of_dcurves() -> None:
    generator = np.random.default_rng(0)
    label = generator.random(300) < 0.3
    probability = np.clip(generator.normal(0.2 + 0.2 * label, 0.15), 0, 1).round(3)
    table = pd.DataFrame({"melanoma": label.astype(float), "p": probability})
    found = dca(data=table, outcome="melanoma", modelnames=["p"], thresholds=THRESHOLDS.tolist())
    curves = {name: rows["net_benefit"].to_numpy() for name, rows in found.groupby("model", sort=False)}
    assert net_benefit(label, probability) == pytest.approx(curves["p"])
    assert net_benefit(label, np.ones(300)) == pytest.approx(curves["all"])
    assert net_benefit(label, np.zeros(300)) == pytest.approx(curves["none"])


def test_by_hand() -> None:
    """At 0.2 one melanoma is worth four needless actions: of ten images, two found and one needless."""
    label = np.arange(10) < 3
    probability = np.array([0.9, 0.2, 0.1, 0.5, *[0.0] * 6])
    assert net_benefit(label, probability, np.array([0.2])) == pytest.approx([0.2 - 0.1 / 4])


def test_of_no_image_it_is_undefined() -> None:
    assert np.isnan(net_benefit(np.zeros(0, dtype=bool), np.zeros(0))).all()
