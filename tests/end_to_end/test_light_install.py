"""What scoring a photograph imports: nothing of the training half, whatever is installed beside it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dermdistill.runs import RunFolder
from tests.run_folders import Scenario, write_run

# Refuses to import what the light installation does not bring, and tells at the end what was imported.
WATCHED = """
import json, sys

refused, arguments = map(json.loads, sys.argv[1:])

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused:
            raise AssertionError(f"imports {name}")

sys.meta_path.insert(0, Refused())
sys.argv = ["dermdistill", *arguments]
from dermdistill.cli import main
try:
    main()
finally:
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""
# What the extra `train` brings beside what `report` does.
TRAINING = ("torch", "torchvision", "timm", "onnx", "onnxscript", "safetensors", "sklearn", "scipy")
NOT_LIGHT = (*TRAINING, "matplotlib")
HEAVY = (*NOT_LIGHT, "numpy", "PIL", "onnxruntime", "simplejpeg", "pydicom")


def imported(*arguments: object, refused: tuple[str, ...]) -> set[str]:
    """The packages that ``dermdistill ARGUMENTS`` imports."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, json.dumps(refused), json.dumps(list(map(str, arguments)))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("output", [(), ("--json",), ("--output",)])
def test_predict_needs_no_training_half(
    output: tuple[str, ...], model_file: Path, photographs: Path, tmp_path: Path
) -> None:
    table = [tmp_path / "scores.csv"] if output == ("--output",) else []
    names = imported("predict", photographs, "--model", model_file, *output, *table, refused=NOT_LIGHT)
    assert names.isdisjoint(NOT_LIGHT)
    assert {"numpy", "onnxruntime", "PIL", "simplejpeg"} <= names


def test_audit_needs_no_training_half(model_file: Path, photographs: Path, tmp_path: Path) -> None:
    for name in ("melanoma", "nevus"):
        (tmp_path / "data" / name).mkdir(parents=True)
    for i, photo in enumerate(sorted(photographs.iterdir())):
        photo.rename(tmp_path / "data" / ("melanoma" if i % 2 else "nevus") / photo.name)
    # It asks whether scikit-learn is there: here it is not, as in a light installation.
    absent = WATCHED.replace("AssertionError", "ModuleNotFoundError")
    page = tmp_path / "audit.html"
    arguments = ["audit", str(tmp_path / "data"), "--model", str(model_file), "-o", str(page)]
    done = subprocess.run(
        [sys.executable, "-c", absent, json.dumps(NOT_LIGHT), json.dumps(arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "they need scikit-learn" in done.stderr
    assert "they need scikit-learn" in page.read_text()


def test_report_needs_only_the_extra_report(tmp_path: Path) -> None:
    run = write_run(RunFolder(tmp_path / "run"), Scenario())
    names = imported("report", run.path, refused=(*TRAINING, "rich", "onnxruntime"))
    assert "matplotlib" in names
    assert run.report.is_file()
    assert (run.tables / "main.csv").is_file()


@pytest.mark.parametrize("arguments", [("--help",), ("predict", "--help"), ("run", "--help")])
def test_help_is_instant(arguments: tuple[str, ...]) -> None:
    assert imported(*arguments, refused=HEAVY).isdisjoint(HEAVY)


def test_python_api_needs_no_training_half(model_file: Path, photographs: Path) -> None:
    program = (
        "import sys, dermdistill\n"
        "assert 'numpy' not in sys.modules\n"
        "print(dermdistill.load(sys.argv[1]).predict(sys.argv[2])[0].probability)\n"
        f"assert not {set(NOT_LIGHT)} & set(sys.modules)\n"
    )
    photo = photographs / "photo0.jpg"
    done = subprocess.run(
        [sys.executable, "-c", program, model_file, photo], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert 0 < float(done.stdout) < 1
