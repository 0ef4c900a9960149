"""The state between two epochs, so that an interrupted training goes on as if nothing had happened."""

import hashlib
import io
from pathlib import Path
from typing import Any

import torch

from dermdistill.errors import UserError
from dermdistill.files import cannot_write, write_bytes

_DIGEST_BYTES = hashlib.sha256().digest_size


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write tensors and plain values atomically, behind a digest that makes damage plain."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    write_bytes(path, hashlib.sha256(payload).digest() + payload)


def load_state(path: Path) -> dict[str, Any] | None:
    """Read what ``save_state`` wrote; None where there is no such file. Never runs code from the file.

    Raises:
        UserError: the file is damaged, or its folder is not one.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise cannot_write(path, error) from error
    digest, payload = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(payload).digest() != digest:
        raise UserError(f"{path}: the checkpoint is damaged; delete it to train this model from its start")
    # A training may go on on another device; network and optimiser move the tensors to theirs.
    state: dict[str, Any] = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    return state
