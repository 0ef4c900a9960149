"""The process that scores with one model in one runtime, so that memory and threads are its own.

    python -m dermdistill.benchmark.worker RUNTIME FILE THREADS DEVICE

Reads requests ``[batch, calls]`` from standard input, a line each, scores that many times the same random
images, and answers ``{"seconds": [...], "peak_mb": ...}``. Says ``{}`` once the model is loaded; ends with
its standard input.

What is timed is ``Predictor.predict``: RGB pixels of the model's own size in memory in, calibrated class
probabilities out. So normalisation is included, decoding is not, and resizing is not, except that the graph
of an ONNX file finds out that it has nothing to resize; it also computes the seven statistics of
``inference.reference``. On a GPU the way of the pixels there and of the answer back is included.

Imports PyTorch only where that is the runtime.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from dermdistill.inference.onnx import OnnxModel
from dermdistill.inference.predictor import Predictor

_MB = 1e6


def main() -> None:
    """Serve requests until standard input ends."""
    runtime, file, threads, device = sys.argv[1:]
    predictor = _open(runtime, Path(file), int(threads), device)
    _say({})
    for line in sys.stdin:
        batch, calls = json.loads(line)
        seconds = _time(predictor, batch, calls)
        _say({"seconds": seconds, "peak_mb": peak_mb(device)})


def _open(runtime: str, file: Path, threads: int, device: str) -> Predictor:
    if runtime == "ONNX Runtime":
        return OnnxModel.read(file, threads=threads)
    import torch

    from dermdistill.models.predictor import open_predictor

    torch.set_num_threads(threads)
    return open_predictor(file, torch.device(device))


def _time(predictor: Predictor, batch: int, calls: int) -> list[float]:
    size = predictor.info.input.size
    pixels = np.random.default_rng(0).integers(0, 256, (batch, size, size, 3), dtype=np.uint8)
    seconds = []
    for _ in range(calls):
        begin = time.perf_counter()
        predictor.predict(pixels)
        seconds.append(time.perf_counter() - begin)
    return seconds


def peak_mb(device: str) -> float:
    """Peak memory of this process, or of its share of the GPU, in 10^6 bytes."""
    if device.startswith("cuda"):
        import torch

        return float(torch.cuda.max_memory_allocated(device) / _MB)
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage: its peak begins with that of the parent process.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / _MB
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most * (1 if sys.platform == "darwin" else 1024) / _MB


def _say(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
