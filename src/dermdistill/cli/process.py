"""What a command asks of its process: installed parts, threads, how it was called."""

import os
import shlex
import sys


def need_training_parts() -> None:
    """One line instead of a traceback where only the light half is installed."""
    from importlib.util import find_spec

    from dermdistill.errors import UserError

    if find_spec("torch") is None:
        raise UserError("this command needs PyTorch: pip install 'dermdistill[train]'")


def use_cores(workers: int | None) -> None:
    """Compute and decode on the cores of this process, not on all that the machine has."""
    from dermdistill.cores import default_workers

    threads = workers or default_workers()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(threads))
    import torch

    torch.set_num_threads(threads)


def without_blas_threads() -> None:
    """Scoring multiplies no large matrices; starting NumPy's threads costs a quarter of the first answer."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def command_line() -> str:
    """How the user called the program, for the manifest of a run."""
    return shlex.join(["dermdistill", *sys.argv[1:]])
