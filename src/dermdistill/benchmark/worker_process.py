"""The other end of ``worker``: a contender that lives in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from dermdistill.benchmark.measurements import Runtime
from dermdistill.errors import UserError

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
PYTHON = (sys.executable, "-P")
"""Without the current folder on the path: a module of the user's must not stand in for one of ours."""


def with_threads(threads: int) -> dict[str, str]:
    """The environment of a process that computes with so many threads."""
    return {**os.environ, **dict.fromkeys(_THREAD_VARIABLES, str(threads))}


class WorkerProcess:
    """A model in a process of its own (see ``race.Contender``); must be closed."""

    def __init__(self, name: str, runtime: Runtime, file: Path, *, threads: int, device: str) -> None:
        self.peak_mb = 0.0
        self._name = f"{name} in {runtime}"
        self._errors = tempfile.TemporaryFile(mode="w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            [*PYTHON, "-m", "dermdistill.benchmark.worker", runtime, str(file), str(threads), device],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=with_threads(threads),
        )

    def wait_until_loaded(self) -> None:
        """Return once the model is ready; raises UserError where it cannot be loaded."""
        self._answer()

    def time(self, batch: int, calls: int) -> list[float]:
        """Seconds of each call; raises UserError where the process ended, for want of memory say."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps([batch, calls]) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None
        answer = self._answer()
        self.peak_mb = float(answer["peak_mb"])
        return [float(seconds) for seconds in answer["seconds"]]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _ended(self) -> UserError:
        code = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read().strip().splitlines()
        reason = said[-1][:200] if said else f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        return UserError(
            f"{self._name}: its process ended ({reason}); measure smaller batches or fewer models at once"
        )
