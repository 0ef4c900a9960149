"""Mutated images become pixels or one clear line, whatever is done to them."""

import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .fuzzing import SEEDS, only, outcome

SECONDS = float(os.environ.get("DERMDISTILL_FUZZ_SECONDS", "8"))
REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", SEEDS)
@pytest.mark.timeout(SECONDS + 600)
def test_mutants(kind: str, tmp_path: Path) -> None:
    """In a process of their own, because what crashes a decoder would end the tests too."""
    number = tmp_path / "number"
    command = [
        *(sys.executable, "-W", "error", "-m", "tests.data.fuzzing", kind, str(SECONDS)),
        *("--number-in", str(number)),
    ]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=SECONDS + 500)
    last = number.read_text().strip() if number.exists() else "none"
    assert done.returncode == 0, f"{done.returncode} at mutant {last} of {kind}\n{done.stderr[-3000:]}"
    assert "mutant: " in done.stdout
    assert " decoded" in done.stdout


@pytest.mark.parametrize("kind", SEEDS)
def test_what_is_mutated_can_be_read(kind: str) -> None:
    seeds = SEEDS[kind]()
    refused = {name for name, content in seeds.items() if outcome(content, random.Random(1)) != "pixels"}
    assert refused <= {"png-palette", "frames", "rle-frames"}  # transparent, and frames that are not named


@pytest.mark.parametrize("kind", SEEDS)
def test_threads_give_what_one_thread_gives(kind: str) -> None:
    seeds = SEEDS[kind]()
    numbers = range(400)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda number: only(seeds, 0, number), numbers))
    assert together == [only(seeds, 0, number) for number in numbers]
