"""Nothing is ever unpickled that came from outside: a pickle runs the code that it holds."""

import ast
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import dermdistill

SOURCES = sorted(Path(dermdistill.__file__).parent.rglob("*.py"))
UNPICKLERS = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_module_can_unpickle(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert not imported(tree) & UNPICKLERS
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            options = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            assert options.get("allow_pickle", "False") == "False"
            if ast.unparse(node.func) == "torch.load":
                assert options.get("weights_only") == "True"


class Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def test_pickles_named_as_images_are_not_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    np.save(tmp_path / "a.npy", np.array([Payload(mark)], dtype=object), allow_pickle=True)
    (tmp_path / "a.npy").rename(tmp_path / "a.png")
    (tmp_path / "b.dcm").write_bytes(bytes(128) + b"DICM" + pickle.dumps(Payload(mark)))
    (tmp_path / "c.jpg").write_bytes(pickle.dumps(Payload(mark)))
    program = f"""
import sys
from pathlib import Path
from dermdistill.data.images import read_image
from dermdistill.errors import UserError

def watch(event, arguments):
    if event == "pickle.find_class":
        sys.exit("unpickled")

sys.addaudithook(watch)
for name in ("a.png", "b.dcm", "c.jpg"):
    try:
        read_image(Path({str(tmp_path)!r}) / name)
    except UserError:
        continue
    sys.exit("decoded")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not mark.exists()
