"""docs/output.md names what is written."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dermdistill.benchmark.results import Benchmark, Measured, Ratio, Timing
from dermdistill.export.parity import Parity

from ..conftest import Outcome

PAGE = (Path(__file__).parents[2] / "docs" / "output.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([a-z0-9_]+)`", PAGE))


@pytest.mark.parametrize("name", ["predict", "explain"])
def test_every_key_of_a_scored_image_is_on_the_page(
    name: str, command: Callable[..., Outcome], model_file: Path, photographs: Path, tmp_path: Path
) -> None:
    output = ("--output", tmp_path) if name == "explain" else ()
    done = command(
        name, photographs / "photo0.jpg", tmp_path / "gone.jpg", "--model", model_file, "--json", *output
    )
    scored, failed = (json.loads(line) for line in done.out.splitlines())
    of_classes = {"p_benign_keratosis"}
    assert set(scored) - of_classes <= NAMED
    assert list(failed) == list(scored)
    nulls = {key for key, value in failed.items() if value is None}
    assert {"probability", "decision", "p_melanoma", "file_bytes"} <= nulls
    assert scored["error"] is None
    assert (scored["warnings"], failed["warnings"]) == ([], [])


def test_keys_that_the_page_explains_exist() -> None:
    keys = {key for kind in (Parity, Benchmark, Measured, Timing, Ratio) for key in kind.model_fields}
    assert {
        "largest_difference",
        "resize_difference",
        "tolerance",
        "p95_ms",
        "peak_mb",
        "macs",
        "ratios",
    } <= keys & NAMED
