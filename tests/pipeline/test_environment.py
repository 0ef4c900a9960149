import pytest
import torch

from dermdistill.errors import UserError
from dermdistill.pipeline.environment import choose_device


def machine(monkeypatch: pytest.MonkeyPatch, *, cuda: int = 0, mps: bool = False) -> None:
    """A machine with so many CUDA GPUs, and an Apple GPU or none."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("cuda", "mps", "name", "chosen"),
    [
        (0, False, "auto", "cpu"),
        (0, True, "auto", "cpu"),
        (2, False, "auto", "cuda"),
        (2, False, "cpu", "cpu"),
        (1, False, "cuda", "cuda"),
        (1, False, "cuda:0", "cuda:0"),
        (2, False, "cuda:1", "cuda:1"),
        (0, True, "mps", "mps"),
    ],
)
def test_a_device_that_is_here(
    monkeypatch: pytest.MonkeyPatch, cuda: int, mps: bool, name: str, chosen: str
) -> None:
    machine(monkeypatch, cuda=cuda, mps=mps)
    assert choose_device(name) == torch.device(chosen)


@pytest.mark.parametrize(
    ("cuda", "name", "message"),
    [
        (0, "cuda", "--device cuda: PyTorch finds no CUDA GPU here; use --device cpu"),
        (0, "cuda:1", "--device cuda:1: PyTorch finds no CUDA GPU here; use --device cpu"),
        (1, "cuda:1", "--device cuda:1: PyTorch finds 1 CUDA GPU here: cuda:0"),
        (3, "cuda:3", "--device cuda:3: PyTorch finds 3 CUDA GPUs here: cuda:0 to cuda:2"),
        (0, "mps", "--device mps: PyTorch finds no Apple GPU here; use --device cpu"),
        *(
            (1, name, f"--device {name}: expected auto, cpu, cuda, cuda:1 or mps")
            for name in (
                "",
                "tpu",
                "gpu",
                "cuda:",
                "cuda:x",
                "cuda:-1",
                "cuda:1.0",
                "cuda:²",
                "cpu:1",
                "meta",
                "CUDA",
            )
        ),
    ],
)
def test_a_device_that_is_not(monkeypatch: pytest.MonkeyPatch, cuda: int, name: str, message: str) -> None:
    machine(monkeypatch, cuda=cuda)
    with pytest.raises(UserError) as error:
        choose_device(name)
    assert str(error.value) == message
