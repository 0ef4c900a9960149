"""Where a run took place: what someone needs to judge its times and repeat its numbers."""

import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from dermdistill import __version__
from dermdistill.errors import UserError, printable
from dermdistill.messages import detail


def choose_device(name: str) -> torch.device:
    """The device of ``--device``: ``cpu``, ``cuda``, ``cuda:N``, ``mps`` or ``auto``.

    ``auto`` takes a CUDA GPU where there is one, else the processor. It never takes an Apple GPU: no test of
    this program has run on one.

    Raises:
        UserError: it is not here, or no such device is known.
    """
    kind, colon, number = name.partition(":")
    if kind == "cuda" and (not colon or re.fullmatch(r"[0-9]{1,3}", number)):
        _check_cuda(name, int(number or 0))
    elif name == "mps":
        if not torch.backends.mps.is_available():
            raise UserError("--device mps: PyTorch finds no Apple GPU here; use --device cpu")
    elif name not in ("auto", "cpu"):
        raise UserError(f"--device {printable(name)}: expected auto, cpu, cuda, cuda:1 or mps")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    detail(f"device: {name}")
    return torch.device(name)


def _check_cuda(name: str, number: int) -> None:
    if not torch.cuda.is_available():
        raise UserError(f"--device {name}: PyTorch finds no CUDA GPU here; use --device cpu")
    count = torch.cuda.device_count()
    if number >= count:
        found = (
            "1 CUDA GPU here: cuda:0" if count == 1 else f"{count} CUDA GPUs here: cuda:0 to cuda:{count - 1}"
        )
        raise UserError(f"--device {name}: PyTorch finds {found}")


def describe_environment(device: torch.device) -> dict[str, str]:
    """Versions, processor, device and threads, as text."""
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else "none"
    return {
        "dermdistill": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "timm": version("timm"),
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "device": device.type,
        "gpu": gpu,
        "threads": str(torch.get_num_threads()),
    }


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
