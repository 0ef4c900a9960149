from types import SimpleNamespace
from typing import cast

import pytest
import torch

from dermdistill.config import Recipe
from dermdistill.data.images import InputSpec
from dermdistill.models import zoo
from dermdistill.models.dermlet import Dermlet
from dermdistill.pipeline.cells import Bench, student_cells, untrained


def dermlet(weights: str, seed: int = 0) -> dict[str, torch.Tensor]:
    recipe = Recipe.model_validate({"name": "r", "student": {"model": "dermlet", "weights": weights}})
    bench = SimpleNamespace(
        recipe=recipe, assigned=SimpleNamespace(classes=("other", "melanoma")), spec=InputSpec(32)
    )
    torch.manual_seed(seed)
    network = untrained(student_cells(recipe)[0], cast(Bench, bench))
    assert isinstance(network, Dermlet)
    return dict(network.state_dict())


def test_a_student_may_start_from_imagenet_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        zoo, "_load_imagenet", lambda backbone, name: torch.nn.init.ones_(backbone.conv_stem.weight)
    )
    started, other = dermlet("imagenet"), dermlet("imagenet", seed=1)
    assert (started["features.0.weight"] == 1).all()
    assert not (dermlet("none")["features.0.weight"] == 1).all()
    # The seed still decides what is not in those weights, and asking for them changes nothing of that.
    assert torch.equal(started["head.4.weight"], dermlet("none")["head.4.weight"])
    assert not torch.equal(started["head.4.weight"], other["head.4.weight"])
