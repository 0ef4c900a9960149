"""Weights files: safetensors with the model's description inside; nothing in them is ever executed."""

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from dermdistill.errors import UserError
from dermdistill.files import write_bytes
from dermdistill.inference.model_info import ModelInfo
from dermdistill.models.registry import build

_DESCRIPTION = "dermdistill"


def save_weights(path: Path, network: nn.Module, info: ModelInfo) -> None:
    """Write a network's tensors and its description to one file, atomically."""
    tensors = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    write_bytes(path, save(tensors, metadata={_DESCRIPTION: info.to_json()}))


def read_info(path: Path) -> ModelInfo | None:
    """The description inside a weights file; None where the file is not one of this program."""
    try:
        with safe_open(path, framework="pt") as file:
            description = (file.metadata() or {}).get(_DESCRIPTION)
    except (SafetensorError, OSError):
        return None
    return None if description is None else ModelInfo.from_json(description, str(path))


def load_weights(path: Path) -> tuple[nn.Module, ModelInfo]:
    """Rebuild a network from its weights file, in eval mode on the CPU.

    Raises:
        UserError: no such file, not a weights file of this program, damaged, or tensors that do not fit the
            architecture that it names.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such weights file; expected a .safetensors file made by dermdistill")
    try:
        with safe_open(path, framework="pt") as file:
            description = (file.metadata() or {}).get(_DESCRIPTION)
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"{path}: cannot read it as weights ({error}); expected a .safetensors file made by dermdistill"
        ) from error
    if description is None:
        raise UserError(f"{path}: has no description of its model; expected weights made by dermdistill")
    info = ModelInfo.from_json(description, str(path))
    network = build(info.architecture, len(info.classes), info.input.size)
    wanted = network.state_dict()
    wrong = sorted(
        key
        for key in wanted.keys() | tensors.keys()
        if key not in wanted or key not in tensors or wanted[key].shape != tensors[key].shape
    )
    if wrong:
        raise UserError(
            f"{path}: weights of another architecture than {info.architecture}: {len(wrong)} tensors do not "
            f"fit, the first {wrong[0]!r}"
        )
    network.load_state_dict(tensors)
    return network.eval(), info
