"""What is committed of the page is what its sources in ``web`` give."""

import shutil
import subprocess
from pathlib import Path

import pytest

from dermdistill.page.assemble import BUILT

WEB = Path(__file__).parents[2] / "web"
NODE = shutil.which("node")

needs_npm = pytest.mark.skipif(
    NODE is None or not (WEB / "node_modules" / "esbuild").is_dir(),
    reason="needs Node.js and what `make javascript` installs with npm",
)


@needs_npm
def test_committed_page_is_that_of_the_sources(tmp_path: Path) -> None:
    # The runtime stays as it is packed where it is the runtime of the npm package: zlibs pack differently.
    shutil.copy(BUILT / "runtime.wasm.gz", tmp_path)
    assert NODE is not None
    done = subprocess.run([NODE, WEB / "build.mjs", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for path in BUILT.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), f"{path.name}: run `make page`"


@needs_npm
def test_sources_are_linted_formatted_and_typed() -> None:
    npm = shutil.which("npm")
    assert npm is not None
    done = subprocess.run([npm, "run", "check"], cwd=WEB, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
