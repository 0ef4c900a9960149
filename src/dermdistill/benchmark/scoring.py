"""Predict a folder of images with PyTorch: a whole command to time beside ``dermdistill predict --output``.

python -m dermdistill.benchmark.scoring WEIGHTS FOLDER CSV THREADS DEVICE
"""

import csv
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch

from dermdistill.data.images import read_image, resize
from dermdistill.models.torch_predictor import open_predictor
from dermdistill.records import Pixels

_BATCH = 32


def main() -> None:
    """Decode, predict and write the table."""
    weights, folder, out, threads, device = sys.argv[1:]
    torch.set_num_threads(int(threads))
    with Path(out).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("path", "probability"))
        table.writerows(_rows(Path(weights), Path(folder), int(threads), torch.device(device)))


def _rows(weights: Path, folder: Path, threads: int, device: torch.device) -> Iterator[tuple[str, str]]:
    predictor = open_predictor(weights, device)
    size, melanoma = predictor.info.input.size, predictor.info.melanoma

    def pixels(path: Path) -> Pixels:
        return resize(read_image(path).pixels, size)

    files = sorted(folder.iterdir())
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(files), _BATCH):
            paths = files[start : start + _BATCH]
            probabilities = predictor.predict(np.stack(list(pool.map(pixels, paths))))
            yield from zip(map(str, paths), map(str, probabilities[:, melanoma]), strict=True)


if __name__ == "__main__":
    main()
