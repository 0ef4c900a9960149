"""A network's tensors are found whatever a training program put around them."""

from argparse import Namespace
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from dermdistill.errors import UserError
from dermdistill.models import zoo
from dermdistill.models.first_weights import fitted, read_tensors

Tensors = dict[str, Tensor]


def network() -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(conv=nn.Conv2d(3, 2, 3), norm=nn.BatchNorm2d(2), last=nn.Conv2d(2, 2, 1, bias=False))
    )


@pytest.fixture
def state() -> Tensors:
    torch.manual_seed(0)
    return {key: torch.rand_like(value.float()) for key, value in network().state_dict().items()}


def prefixed(prefix: str, state: Tensors) -> Tensors:
    return {prefix + key: value for key, value in state.items()}


def load(path: Path, content: object) -> Tensors:
    torch.save(content, path)
    return fitted(read_tensors(path), network().state_dict(), file="file", architecture="tiny")


def assert_same(found: Mapping[str, Tensor], expected: Tensors) -> None:
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], expected[key]) for key in expected)


WRAPPED: dict[str, Callable[[Tensors], object]] = {
    "bare": lambda state: state,
    "state_dict": lambda state: {"epoch": 3, "state_dict": state, "optimizer": {"state": {}, "lr": 0.1}},
    "model": lambda state: {"model": state, "best": torch.tensor(0.9)},
    "model_state_dict": lambda state: {"model_state_dict": state},
    "net": lambda state: {"net": state, "acc": 91.2, "epoch": 4},
    "params": lambda state: {"params": state},
    "twice": lambda state: {"model": {"state_dict": state, "step": 1}},
    "of timm": lambda state: {"arch": "x", "args": Namespace(lr=0.1), "state_dict": state, "metric": None},
    "DataParallel": lambda state: prefixed("module.", state),
    "compiled": lambda state: prefixed("_orig_mod.", state),
    "compiled inside": lambda state: {key.replace(".", "._orig_mod.", 1): v for key, v in state.items()},
    "all at once": lambda state: {"state_dict": prefixed("module._orig_mod.backbone.", state)},
    "Lightning": lambda state: {"state_dict": prefixed("model.", state) | {"loss.weight": torch.ones(2)}},
    "with a classifier": lambda state: state | {"fc.weight": torch.ones(5, 2), "fc.bias": torch.ones(5)},
}


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED.keys())
def test_the_tensors_are_found(wrap: Callable[[Tensors], object], state: Tensors, tmp_path: Path) -> None:
    assert_same(load(tmp_path / "w.pth", wrap(state)), state)


def test_averaged_weights_come_before_those_of_the_last_step(state: Tensors, tmp_path: Path) -> None:
    last = {key: value + 1 for key, value in state.items()}
    assert_same(load(tmp_path / "w.pth", {"state_dict": last, "state_dict_ema": state}), state)
    assert_same(load(tmp_path / "w.pth", {"state_dict": state, "state_dict_ema": None}), state)


def test_prefixes_in_safetensors(state: Tensors, tmp_path: Path) -> None:
    save_file(prefixed("module.", state), tmp_path / "w.safetensors")
    assert_same(
        fitted(
            read_tensors(tmp_path / "w.safetensors"), network().state_dict(), file="file", architecture="tiny"
        ),
        state,
    )


def test_a_file_from_before_batches_were_counted(state: Tensors, tmp_path: Path) -> None:
    del state["norm.num_batches_tracked"]
    assert_same(load(tmp_path / "w.pth", state), state | {"norm.num_batches_tracked": torch.tensor(0)})


def test_what_does_not_fit_is_named(state: Tensors, tmp_path: Path) -> None:
    state["norm.weight"] = torch.ones(7)
    state["surplus"] = state.pop("last.weight")
    with pytest.raises(UserError) as caught:
        load(tmp_path / "w.pth", prefixed("module.", state))
    assert str(caught.value) == (
        "file: weights of another architecture than tiny: of 8 tensors 1 missing (last.weight); "
        "1 of another shape (norm.weight (7,) instead of (2,)); 1 unexpected (module.surplus)"
    )


def test_several_networks_in_one_file_are_not_chosen_from(state: Tensors, tmp_path: Path) -> None:
    both = prefixed("encoder_q.", state) | prefixed("encoder_k.", state)
    with pytest.raises(UserError, match=r"holds several networks \(encoder_q\., encoder_k\.\); keep one"):
        load(tmp_path / "w.pth", both)


@pytest.mark.parametrize(
    "content", [{"epoch": 3}, {}, [torch.ones(2)], torch.ones(2), {"model": {"lr": 0.1}}]
)
def test_a_file_without_a_table_of_tensors(content: object, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"w\.pth: holds no table of tensors"):
        load(tmp_path / "w.pth", content)


def test_a_whole_model_is_refused_and_never_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"w\.pth: cannot read it as weights .*save its state_dict\(\) alone"):
        load(tmp_path / "w.pth", nn.Linear(2, 2))


def test_a_network_of_the_zoo_says_what_it_expected(tmp_path: Path) -> None:
    torch.save(
        {"state_dict": prefixed("module.", dict(zoo.create_headed("test_resnet", 2, "none").state_dict()))},
        tmp_path / "w.pth",
    )
    zoo.create_headed("test_resnet", 2, str(tmp_path / "w.pth"))
    with pytest.raises(
        UserError, match=r"w\.pth: weights of another architecture than resnet18: of"
    ) as caught:
        zoo.create_headed("resnet18", 2, str(tmp_path / "w.pth"))
    assert "\n" not in str(caught.value)
