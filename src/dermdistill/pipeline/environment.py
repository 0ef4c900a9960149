"""Where a run took place: what someone needs to judge its times and repeat its numbers."""

import platform
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import timm
import torch

from dermdistill import __version__
from dermdistill.errors import UserError


def choose_device(name: str) -> torch.device:
    """``auto`` takes a CUDA GPU where there is one; raises UserError where ``cuda`` is asked for in vain."""
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("--device cuda: PyTorch finds no CUDA GPU here; use --device cpu")
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(name)


def describe(device: torch.device) -> dict[str, str]:
    """Versions, processor, device and threads, as text."""
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else "none"
    return {
        "dermdistill": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "timm": timm.__version__,
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
