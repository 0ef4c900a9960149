"""Reach a Ray cluster, or start one on this machine."""

import importlib.util
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dermdistill.cores import process_cores
from dermdistill.errors import UserError, printable
from dermdistill.messages import is_verbose

_LOCAL = re.compile(r"local(?::([1-9][0-9]{0,3}))?")
_ADDRESS = re.compile(r"(?:ray://)?[^\s/:]+:[1-9][0-9]{0,4}|\[[0-9a-fA-F:]+\]:[1-9][0-9]{0,4}")


def need_ray(option: str) -> None:
    """Raise UserError, naming the extra, where Ray is not installed."""
    if importlib.util.find_spec("ray") is None:
        raise UserError(f"{option}: needs Ray: pip install 'dermdistill[ray]'")


def check_cluster(cluster: str) -> None:
    """Raise UserError for a value of ``--cluster`` that is none."""
    if cluster != "auto" and not (_LOCAL.fullmatch(cluster) or _ADDRESS.fullmatch(cluster)):
        raise UserError(
            f"--cluster {printable(cluster)}: expected auto, the address of a cluster such as 10.0.0.1:6379, "
            "or local:N for N cores of this machine"
        )


@contextmanager
def connected(cluster: str) -> Iterator[None]:
    """Use a cluster while the block runs; one that was started for it ends with it.

    Args:
        cluster: ``auto`` is the one that this machine belongs to; an address; ``local`` or ``local:N`` starts
            one of this machine's cores, or of N.

    Raises:
        UserError: there is no such cluster.
    """
    # Set by whoever wants it: no command of this program speaks to the network unasked.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Ray would hide the GPUs from tasks that ask for none; this is what it will do from its next version on.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    logging.getLogger("ray").setLevel(logging.INFO if is_verbose() else logging.ERROR)
    import ray

    try:
        ray.init(**_arguments(cluster))
    except (ConnectionError, ray.exceptions.RayError, RuntimeError, ValueError) as error:
        reason = printable(" ".join(str(error).split()))[:200]
        raise UserError(f"--cluster {cluster}: cannot reach a Ray cluster ({reason})") from error
    try:
        yield
    finally:
        ray.shutdown()


def _arguments(cluster: str) -> dict[str, Any]:
    quiet: dict[str, Any] = {
        "logging_level": logging.INFO if is_verbose() else logging.ERROR,
        "log_to_driver": is_verbose(),
    }
    local = _LOCAL.fullmatch(cluster)
    if local is None:
        return {"address": cluster, **quiet}
    cores = int(local.group(1) or process_cores())
    return {"address": "local", "num_cpus": cores, "include_dashboard": False, **quiet}
