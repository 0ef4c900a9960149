import pytest
import torch

from dermdistill.errors import UserError
from dermdistill.models import registry, zoo
from dermdistill.models.dermlet import Dermlet


@pytest.mark.parametrize("name", registry.STUDENTS)
def test_every_student_is_built_for_its_size_and_classes(name: str) -> None:
    network = registry.build(name, 3, 40).eval()
    with torch.no_grad():
        assert network(torch.zeros(2, 3, 40, 40)).shape == (2, 3)
    registry.try_out(name, "none", 40)


def test_a_student_may_start_from_imagenet_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        zoo, "_load_imagenet", lambda backbone, name: torch.nn.init.ones_(backbone.conv_stem.weight)
    )

    def dermlet(weights: str, seed: int = 0) -> dict[str, torch.Tensor]:
        torch.manual_seed(seed)
        network = registry.create("dermlet", 2, 32, weights)
        assert isinstance(network, Dermlet)
        return dict(network.state_dict())

    started, other = dermlet("imagenet"), dermlet("imagenet", seed=1)
    assert (started["features.0.weight"] == 1).all()
    assert not (dermlet("none")["features.0.weight"] == 1).all()
    # The seed still decides what is not in those weights, and asking for them changes nothing of that.
    assert torch.equal(started["head.4.weight"], dermlet("none")["head.4.weight"])
    assert not torch.equal(started["head.4.weight"], other["head.4.weight"])


@pytest.mark.parametrize(
    ("name", "weights", "message"),
    [
        ("dsnet", "imagenet", "model 'dsnet': no first weights 'imagenet'; its weights must be 'none'"),
        ("dermlet", "w.pth", "model 'dermlet': no first weights 'w.pth'; its weights must be 'none' or 'ima"),
        ("dermlte", "none", r"model 'dermlte': timm has no such model; did you mean dermlet"),
        ("resnet18", "w.pth", "w.pth: no such weights file"),
    ],
)
def test_what_there_is_not_is_refused_before_any_work(name: str, weights: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        registry.check_architecture(name, weights)


def test_images_that_a_network_cannot_take_are_refused() -> None:
    for name in ("vit_tiny_patch16_224", "dsnet"):
        with pytest.raises(UserError, match=f"model '{name}' cannot take images of data.size = 17 pixels"):
            registry.try_out(name, "none", 17)
