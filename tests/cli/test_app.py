import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ..conftest import Outcome


def test_help_imports_nothing_heavy() -> None:
    """What makes ``--help`` instant; its time is measured in the benchmark, not here."""
    script = (
        "import sys; sys.argv = ['dermdistill', '--help']\n"
        "from dermdistill.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'torch', 'numpy', 'PIL', 'matplotlib', 'pydantic', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "Research software, not a medical device." in " ".join(done.stdout.split())


def test_data_says_what_it_sees(command: Callable[..., Outcome], image_folder: Callable[..., Path]) -> None:
    outcome = command("data", image_folder(melanoma=3, nevus=5))
    lines = outcome.out.splitlines()
    assert lines[0] == "layout: folder; 8 images"
    assert [line.split() for line in lines[3:]] == [["melanoma", "3", "3"], ["nevus", "5", "5"]]
