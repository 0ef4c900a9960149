"""First weights from files of others: what training programs put around a network's tensors is taken off."""

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from dermdistill.errors import UserError, printable

EXPECTED = "expected a .safetensors, .pth or .bin file of weights"

# Averaged weights first, as timm does: they are what a training that keeps them is for.
_WRAPPINGS = (
    *("state_dict_ema", "model_ema", "ema_state_dict", "ema"),
    *("state_dict", "model_state_dict", "model_state", "model", "network_state_dict", "network", "net"),
    *("module", "params_ema", "params", "weights", "backbone", "encoder"),
)
# Of torch.compile and FSDP; they may stand in the middle of a name.
_WRAPPERS = ("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
_REFUSED = ("UnpicklingError", "RuntimeError")
_COUNTER = "num_batches_tracked"
"""Of batch norm: files from before PyTorch 0.4.1 lack it, and prediction does not need it."""
_SHOWN = 3


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a network in a weights file or a checkpoint, by name; nothing in it is ever executed.

    Raises:
        UserError: it cannot be read, or holds no table of tensors.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        # Checkpoints of timm hold the options of the command: names and values, and nothing that is run.
        with torch.serialization.safe_globals([Namespace]):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch and safetensors raise a dozen kinds for damaged bytes
        kind = type(error).__name__
        # The error for objects that loading would run; its own text advises to trust them.
        hint = "; it may hold more than tensors: save its state_dict() alone" if kind in _REFUSED else ""
        raise UserError(f"{path}: cannot read it as weights ({kind}){hint}; {EXPECTED}") from error
    tensors = _unwrapped(content)
    if not tensors:
        held = f"; it holds {_some(content)}" if isinstance(content, Mapping) and content else ""
        raise UserError(f"{path}: holds no table of tensors{held}; {EXPECTED}")
    return {_unwrapped_name(key): value for key, value in tensors.items()}


def fitted(
    tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor], *, file: str, architecture: str
) -> dict[str, Tensor]:
    """The entries that a network wants, whatever stands before their names; others are left out.

    Args:
        tensors: of a file; a prefix that all of the network's entries share, such as ``module.`` or
            ``backbone.``, is passed over, and a classifier of its own is left out.
        wanted: the network's own entries.
        file: named by an error.
        architecture: of the network, likewise.

    Raises:
        UserError: an entry is missing or of another shape, or several networks in the file would fit.
    """
    prefix = _prefix(tensors, wanted, file)
    found = {key: tensors[prefix + key] for key in wanted if prefix + key in tensors}
    found |= {key: wanted[key] for key in wanted if key not in found and key.endswith(_COUNTER)}
    missing = [key for key in wanted if key not in found]
    reshaped = [key for key, value in found.items() if value.shape != wanted[key].shape]
    if not missing and not reshaped:
        return found
    used = {prefix + key for key in found}
    problems = (
        ("missing", missing),
        ("of another shape", [_shapes(key, found[key], wanted[key]) for key in reshaped]),
        ("unexpected", [key for key in tensors if key not in used]),
    )
    said = "; ".join(f"{len(keys)} {what} ({_some(keys)})" for what, keys in problems if keys)
    raise UserError(
        f"{file}: weights of another architecture than {architecture}: of {len(wanted)} tensors {said}"
    )


def _unwrapped(content: object) -> dict[str, Tensor]:
    """The tensors of the outermost table that is one; empty where there is none."""
    if not isinstance(content, Mapping):
        return {}
    for name in _WRAPPINGS:
        if isinstance(content.get(name), Mapping) and (inner := _unwrapped(content[name])):
            return inner
    return {
        key: value for key, value in content.items() if isinstance(key, str) and isinstance(value, Tensor)
    }


def _unwrapped_name(key: str) -> str:
    for wrapper in _WRAPPERS:
        key = key.replace(wrapper, "")
    return key


def _prefix(tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor], file: str) -> str:
    """What stands before the names of the network's entries in the file: what fits most of them."""
    first = next(iter(wanted))
    candidates = ["", *(key.removesuffix(first) for key in tensors if key.endswith(f".{first}"))]
    fits = {prefix: sum(prefix + key in tensors for key in wanted) for prefix in candidates}
    best = max(fits.values())
    prefixes = [prefix for prefix, count in fits.items() if count == best]
    if len(prefixes) > 1 and best == len(wanted) and prefixes[0]:
        raise UserError(f"{file}: holds several networks ({_some(prefixes)}); keep one of them")
    return prefixes[0]


def _shapes(key: str, found: Tensor, wanted: Tensor) -> str:
    return f"{key} {tuple(found.shape)} instead of {tuple(wanted.shape)}"


def _some(names: Any) -> str:
    names = [printable(str(name)) for name in names]
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
