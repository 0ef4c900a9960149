"""The examples of docs/deploy.md run as they stand, and all give the same answer."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tree_sitter import Language, Parser
from tree_sitter_kotlin import language as kotlin_grammar
from tree_sitter_swift import language as swift_grammar

import dermdistill
from dermdistill.export.graph import assemble
from dermdistill.export.int8 import quantise
from dermdistill.export.network import to_onnx
from dermdistill.models.dsnet import DSNet
from dermdistill.records import Pixels

PAGE = Path(__file__).parents[2] / "docs" / "deploy.md"
JAVASCRIPT = Path(__file__).with_name("javascript")
NODE = shutil.which("node")

needs_node = pytest.mark.skipif(
    NODE is None or not (JAVASCRIPT / "node_modules" / "onnxruntime-web").is_dir(),
    reason="the JavaScript example needs Node.js and onnxruntime-web: `make javascript` installs it with npm",
)


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture(scope="session")
def int8_file(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network of ``model_file`` in 8 bits."""
    torch.manual_seed(0)
    info = dermdistill.load(model_file).info
    images = np.random.default_rng(0).integers(0, 256, (16, 24, 24, 3), dtype=np.uint8)
    network = quantise(to_onnx(DSNet(24, 3), 24), images, info.input)
    path = tmp_path_factory.mktemp("model") / "dsnet.int8.onnx"
    path.write_bytes(assemble(network, info).SerializeToString())
    return path


@pytest.fixture
def workplace(model_file: Path, photographs: Path, tmp_path: Path) -> Path:
    """A folder with the files that the examples name."""
    shutil.copy(model_file, tmp_path / "model.onnx")
    shutil.copy(photographs / "photo0.jpg", tmp_path / "photo.jpg")
    return tmp_path


@pytest.fixture
def in_browser(tmp_path: Path) -> Callable[[Path, list[Pixels]], list[float]]:
    """What the JavaScript example says of pixels."""

    def score(model: Path, images: list[Pixels]) -> list[float]:
        shutil.copy(model, tmp_path / "model.onnx")
        (example,) = examples("js")
        (tmp_path / "example.mjs").write_text(example)
        (tmp_path / "node_modules").symlink_to(JAVASCRIPT / "node_modules")
        photos = []
        for i, pixels in enumerate(images):
            height, width = pixels.shape[:2]
            opaque = np.full((height, width, 1), 255, np.uint8)
            (tmp_path / f"{i}.rgba").write_bytes(np.concatenate([pixels, opaque], axis=2).tobytes())
            photos.append({"file": f"{i}.rgba", "width": width, "height": height})
        assert NODE is not None
        said = run(tmp_path, NODE, JAVASCRIPT / "harness.mjs", "example.mjs", json.dumps(photos))
        return [float(value) for value in json.loads(said)]

    return score


def run(folder: Path, *arguments: str | Path) -> str:
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_python_examples_agree(workplace: Path) -> None:
    plain, with_dermdistill = examples("python")
    assert "dermdistill." not in plain
    expected = dermdistill.load(workplace / "model.onnx").predict(workplace / "photo.jpg")[0]
    for example in (plain, with_dermdistill):
        probability, decision, *_ = run(workplace, sys.executable, "-c", example).split()
        assert float(probability) == pytest.approx(expected.probability, abs=1e-6)
        assert decision == expected.decision


def test_examples_are_short() -> None:
    """Whoever embeds the model should see that there is nothing to it."""
    for example in (*examples("python"), *examples("js")):
        assert len([line for line in example.splitlines() if line.strip(" }")]) <= 12


@needs_node
@pytest.mark.parametrize("kind", ["model_file", "int8_file"])
def test_browser_says_the_same(
    kind: str,
    request: pytest.FixtureRequest,
    in_browser: Callable[[Path, list[Pixels]], list[float]],
    photographs: Path,
) -> None:
    """Smaller than the network's input, larger by a lot, and neither square: the resize is the same too."""
    model: Path = request.getfixturevalue(kind)
    images = [np.asarray(Image.open(path)) for path in sorted(photographs.iterdir())]
    noise = np.random.default_rng(0).integers(0, 256, (3, 450, 600, 3), dtype=np.uint8)
    images += [noise[0], noise[1, :301, :97], noise[2, :13, :17], noise[0, :24, :24]]
    expected = [each.probability for each in dermdistill.load(model).predict(images)]
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(in_browser(model, images), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("language", "grammar"), [("kotlin", kotlin_grammar), ("swift", swift_grammar)])
def test_examples_for_phones_are_of_their_language(language: str, grammar: Callable[[], object]) -> None:
    """As far as a parser can tell: no compiler for phones is at hand."""
    parser = Parser(Language(grammar()))
    (example,) = examples(language)
    assert not parser.parse(example.encode()).root_node.has_error
    assert parser.parse(example.replace("(", "", 1).encode()).root_node.has_error
    assert {'"pixels"', '"probability"'} <= set(re.findall(r'"\w+"', example))


def test_metadata_is_as_the_page_says(model_file: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    written = json.loads(dermdistill.load(model_file).info.to_json())
    for key in written:
        assert f"`{key}`" in page
    for key in written["thresholds"][0]:
        assert f"`{key}`" in page


def test_lock_file_names_no_registry() -> None:
    """Whoever installs takes the packages from where their npm takes them; the digests hold everywhere."""
    lock = json.loads((JAVASCRIPT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert all("integrity" in package and "resolved" not in package for package in packages.values())
