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


def test_without_the_training_parts_data_works_and_run_says_what_to_install(
    image_folder: Callable[..., Path],
) -> None:
    script = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('torch', 'timm', 'matplotlib', 'jinja2'):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "import importlib.util\n"
        "real = importlib.util.find_spec\n"
        "absent = ('torch', 'matplotlib')\n"
        "importlib.util.find_spec = lambda name, of=None: None if name in absent else real(name, of)\n"
        "from dermdistill.cli import main; main()"
    )

    def light(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True)

    data = str(image_folder(melanoma=2, nevus=2))
    assert light("data", data).stdout.splitlines()[0] == "layout: folder; 4 images"
    for arguments in (["run", "--data", data], ["evaluate", "x", "--data", data]):
        done = light(*arguments)
        assert done.returncode == 2
        assert done.stderr == "error: this command needs PyTorch: pip install 'dermdistill[train]'\n"
    done = light("report", "x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: this command needs matplotlib: pip install 'dermdistill[report]'\n"


def test_data_takes_the_users_word(
    command: Callable[..., Outcome], image_folder: Callable[..., Path]
) -> None:
    folder = image_folder(**{"0": 3, "1": 2, "scans": 1})
    assert "--positive NAME says which is melanoma" in command("data", folder).err
    outcome = command("data", folder, "--positive", "1", "--label", "scans=leave-out")
    assert [line.split() for line in outcome.out.splitlines()[3:5]] == [
        ["lesions", "melanoma", "2", "2"],
        ["lesions", "other", "3", "3"],
    ]
    wrong = command("data", folder, "--positive", "2")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err.startswith("error: ")


def test_data_says_what_it_sees(command: Callable[..., Outcome], image_folder: Callable[..., Path]) -> None:
    outcome = command("data", image_folder(melanoma=3, nevus=5))
    lines = outcome.out.splitlines()
    assert lines[0] == "layout: folder; 8 images"
    assert [line.split() for line in lines[3:]] == [
        ["lesions", "melanoma", "3", "3"],
        ["lesions", "nevus", "5", "5"],
        ["lesions", "images", "8", "8"],
        ["lesions", "lesions", "8", "8"],
    ]


def test_data_takes_the_users_columns(
    command: Callable[..., Outcome], image_folder: Callable[..., Path]
) -> None:
    folder = image_folder(scans=2)
    (folder / "mine.csv").write_text("slide,finding,mole\nscans0,melanoma,M\nscans1,Melanoma,M\n")
    assert "say --image-column NAME" in command("data", folder).err
    outcome = command(
        "data", folder, "--image-column", "slide", "--label-column", "finding", "--lesion-column", "mole"
    )
    lines = [line.split() for line in outcome.out.splitlines()]
    assert lines[0] == ["layout:", "table;", "2", "images"]
    assert lines[-1] == ["lesions", "lesions", "1", "1"]
    wrong = command("data", folder, "--image-column", "slide", "--label-column", "dx")
    assert (wrong.code, wrong.out) == (2, "")
    assert "--label-column dx: no such column in" in wrong.err
