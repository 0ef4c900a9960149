"""What a command does before its work: check that its packages are installed, choose threads."""

import importlib.util
import os
import shlex
import sys

from dermdistill.errors import UserError
from dermdistill.messages import detail


def need_training_parts() -> None:
    """One line instead of a traceback where only the light half is installed."""
    _need("torch", "PyTorch", "train")


def need_download_parts() -> None:
    """The same for what downloads need."""
    _need("pooch", "pooch", "download")


def need_report_parts() -> None:
    """The same for what draws the plots of a report."""
    _need("matplotlib", "matplotlib", "report")


def need_card_parts() -> None:
    """The same for what model cards need."""
    _need("huggingface_hub", "huggingface_hub", "card")


def need_adaptation_parts() -> None:
    """The same for what writes an adapted model."""
    _need("onnx", "onnx", "adapt")


def need_server_parts() -> None:
    """The same for what the server needs."""
    for package in ("fastapi", "uvicorn", "python_multipart", "prometheus_client"):
        _need(package, package, "serve")


def _need(package: str, name: str, extra: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise UserError(f"this command needs {name}: pip install 'dermdistill[{extra}]'")


def use_cores(workers: int | None) -> None:
    """Compute and decode on the cores of this process, not on all that the machine has."""
    from dermdistill.cores import default_workers

    threads = workers or default_workers()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(threads))
    import torch

    torch.set_num_threads(threads)
    detail(f"threads: {threads}; PyTorch {torch.__version__}")


def without_blas_threads() -> None:
    """Scoring multiplies no large matrices; starting NumPy's threads costs a quarter of the first answer."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def command_line() -> str:
    """How the user called the program, for the manifest of a run."""
    return shlex.join(["dermdistill", *sys.argv[1:]])
