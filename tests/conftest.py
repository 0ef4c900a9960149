import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# Two test processes share the machine; more threads than cores would only wait for each other. Must be set
# before anything imports torch.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from PIL import Image

from dermdistill.cli import main


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests never touch the user's cache."""
    monkeypatch.setenv("DERMDISTILL_CACHE", str(tmp_path_factory.mktemp("cache")))


@dataclass(frozen=True)
class Outcome:
    """What a command left for its user."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run ``dermdistill ARGUMENTS`` in this process."""

    def call(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["dermdistill", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


@pytest.fixture
def image_folder(tmp_path: Path) -> Callable[..., Path]:
    """Make a class-named folder of small JPEGs that a network can tell apart by colour."""

    def make(**images_of: int) -> Path:
        rng = np.random.default_rng(0)
        folder = tmp_path / "lesions"
        for shade, (diagnosis, count) in enumerate(images_of.items()):
            (folder / diagnosis).mkdir(parents=True)
            for i in range(count):
                pixels = rng.integers(0, 120, (40, 40, 3), dtype=np.uint8)
                pixels[..., shade % 3] += 100
                Image.fromarray(pixels).save(folder / diagnosis / f"{diagnosis}{i}.jpg")
        return folder

    return make
