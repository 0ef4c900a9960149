"""A Ray cluster of two nodes on the loopback interface, one of which can be killed."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator


@contextlib.contextmanager
def two_nodes(environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A Ray cluster of two nodes of one core each on this machine; yields the second one.

    It leads a process group, which can be killed. ``environment`` is changed so that commands find the
    cluster.
    """
    # The nodes of a cluster know each other, and the command them, by a token.
    environment |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    ray = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus=1"]
    ray += ["--object-store-memory=200000000", "--disable-usage-stats"]
    port = str(free_port())
    head = subprocess.Popen(
        [*ray, "--head", f"--port={port}", "--include-dashboard=false"],
        env=environment,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(20)
    second = subprocess.Popen(
        [*ray, f"--address=127.0.0.1:{port}"],
        env=environment,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(20)
    environment["RAY_ADDRESS"] = f"127.0.0.1:{port}"
    try:
        yield second
    finally:
        for process in (second, head):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
