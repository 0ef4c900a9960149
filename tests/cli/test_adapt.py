"""``dermdistill adapt``, from a folder of photographs to a file that every other command takes."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dermdistill
from dermdistill.data.perceptual_hash import coefficients
from dermdistill.inference.model import SHIPPED
from tests.conftest import Outcome, exit_code
from tests.end_to_end.test_light_install import NOT_LIGHT, imported

Command = Callable[..., Outcome]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """90 blobs on skin, of which the packaged model calls two thirds less suspicious than the others.

    Labels are what the model says, but for one picture in eight, so that it ranks them well and not
    perfectly, whatever the numbers of this machine are.
    """
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    row, column = np.mgrid[:64, :80]
    for i in range(90):
        # No two photographs have the same shadows, so none is taken for a copy of another.
        shadows = np.kron(rng.uniform(-25, 25, (4, 5)), np.ones((16, 16)))[..., None]
        skin = np.array([200, 150, 130]) + shadows + rng.normal(0, 8, (64, 80, 1))
        centre, radius = rng.uniform(20, 44, 2), rng.uniform(8, 20, 2)
        inside = ((row - centre[0]) / radius[0]) ** 2 + ((column - 10 - centre[1]) / radius[1]) ** 2 < 1
        shade = rng.uniform(30, 120, 3)
        noise = rng.normal(0, 12, (64, 80, 1))
        pixels = np.where(inside[..., None], skin - shade + noise, skin).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"picture{i:03}.png")
    paths = sorted(folder.iterdir())
    scores = [prediction.probability for prediction in dermdistill.load().predict(paths)]
    order = np.argsort(scores)[::-1]
    melanoma = set(order[:30].tolist())
    for i in range(0, 30, 8):  # the labels of some change places
        melanoma ^= {int(order[i]), int(order[-1 - i])}
    return {
        "melanoma": [path for i, path in enumerate(paths) if i in melanoma],
        "nevus": [path for i, path in enumerate(paths) if i not in melanoma],
    }


def table(path: Path, pictures: dict[str, list[Path]], *, header: str = "filename,label") -> Path:
    rows = [f"{file},{label}" for label, files in pictures.items() for file in files]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


@pytest.fixture
def data(tmp_path: Path, pictures: dict[str, list[Path]]) -> Path:
    return table(tmp_path / "mine.csv", pictures)


def test_a_promise_of_80_and_what_every_command_makes_of_the_file(
    command: Command, data: Path, pictures: dict[str, list[Path]], tmp_path: Path
) -> None:
    output = tmp_path / "out" / "local.onnx"
    outcome = command("adapt", "--data", data, "--sensitivity", "0.80", "-o", output)
    assert outcome.code == 0, outcome.err
    assert "With 95 % confidence, the sensitivity of assured_sensitivity_0.80 is at least 0.8" in " ".join(
        outcome.out.split()
    )
    assert max(map(len, outcome.out.splitlines())) <= 80
    card = output.with_suffix(".md").read_text()
    assert "| assured_sensitivity_0.80 |" in card
    assert "its limits and its licence holds for this file too" in card
    assert "90 photographs of 90 lesions, 30 of melanoma (33.3 %" in card
    assert "<td>assured_sensitivity_0.80</td>" in output.with_suffix(".html").read_text()

    model = dermdistill.load(output)
    assert model.operating_point.name == "assured_sensitivity_0.80"
    assert model.prevalence == pytest.approx(1 / 3)
    assert model.info.provenance["adapted_from"] == dermdistill.load().model_id
    assert "30 of melanoma (prevalence 0.3333" in model.info.provenance["adapted_to"]
    assert model.info.provenance["recipe"] == "student"
    found = [model.predict_file(path).decision for path in pictures["melanoma"]]
    assert found.count("melanoma") >= 24

    for arguments in (
        ("predict", data.parent / "picture.png", "--model", output),
        ("explain", data.parent / "picture.png", "--model", output, "-o", tmp_path / "why.png"),
        ("page", "--model", output, "-o", tmp_path / "page.html"),
    ):
        (data.parent / "picture.png").write_bytes(pictures["nevus"][0].read_bytes())
        assert command(*arguments).code == 0


@pytest.fixture(scope="module")
def adapted(tmp_path_factory: pytest.TempPathFactory, pictures: dict[str, list[Path]]) -> Path:
    """A file adapted to the pictures; tests only read it."""
    folder = tmp_path_factory.mktemp("adapted")
    data = table(folder / "mine.csv", pictures)
    with pytest.MonkeyPatch.context() as patch:
        assert exit_code(patch, "adapt", "--data", data, "-o", folder / "local.onnx") == 0
    return folder / "local.onnx"


def test_json_has_the_same_figures_as_the_report(command: Command, data: Path, tmp_path: Path) -> None:
    output = tmp_path / "local.onnx"
    outcome = command("adapt", "--data", data, "-o", output, "--json")
    result = json.loads(outcome.out)
    assert result["threshold"]["promised"] is True
    assert result["photographs"]["melanoma_groups"] == 30
    assert f"{result['after']['auc']['value']:.3f}" in output.with_suffix(".md").read_text()
    again = command("adapt", "--data", data, "-o", output, "--json")
    assert again.code == 0
    assert json.loads(again.out) == result


def test_too_few_melanomas_for_a_promise(command: Command, data: Path, tmp_path: Path) -> None:
    output = tmp_path / "local.onnx"
    outcome = command("adapt", "--data", data, "-o", output, "--sensitivity", "0.95")
    assert outcome.code == 0
    assert "warning: no sensitivity is promised: 59 independent melanomas are needed" in outcome.err
    text = " ".join(outcome.out.split())
    assert "needs 59 independent melanomas, and there are 30, which could promise 0.90 at most" in text
    assert dermdistill.load(output).operating_point.name == "local_sensitivity_0.95"
    assert dermdistill.load(output).info.provenance["adapted_promise"] == "none"


def test_photographs_that_the_model_has_learned_from_are_left_out(
    adapted: Path, pictures: dict[str, list[Path]]
) -> None:
    """The file remembers its photographs: as images to be tested on they are known."""
    from dermdistill.data.images import read_image
    from dermdistill.data.packed_hashes import unpack_hashes
    from dermdistill.data.perceptual_hash import SAME_BY_SHORT_HASH, nearest

    packed = dermdistill.load(adapted).info.learned_from
    assert packed is not None
    table_of_hashes = unpack_hashes(packed)
    hashes = np.stack([coefficients(read_image(path).pixels) for path in pictures["melanoma"][:5]])
    assert (nearest(hashes, table_of_hashes).distance <= SAME_BY_SHORT_HASH).all()
    assert len(table_of_hashes) > len(unpack_hashes(dermdistill.load().info.learned_from or ""))


def subset(pictures: dict[str, list[Path]], melanoma: int, nevus: int) -> dict[str, list[Path]]:
    return {"melanoma": pictures["melanoma"][:melanoma], "nevus": pictures["nevus"][:nevus]}


@pytest.mark.parametrize(
    ("melanoma", "nevus", "message"),
    [
        (0, 20, "melanoma"),
        (20, 0, "20 photographs are too few to adapt a model: of melanoma 20 lesions, of others 0"),
        (2, 3, "5 photographs are too few to adapt a model: of melanoma 2 lesions, of others 3"),
    ],
)
def test_a_class_that_is_missing_or_small(
    command: Command,
    pictures: dict[str, list[Path]],
    tmp_path: Path,
    melanoma: int,
    nevus: int,
    message: str,
) -> None:
    mine = table(tmp_path / "mine.csv", subset(pictures, melanoma, nevus))
    refused(command("adapt", "--data", mine, "-o", tmp_path / "local.onnx"), message, tmp_path)


def refused(outcome: Outcome, message: str, folder: Path) -> None:
    """One line, wrong use, and nothing written."""
    assert outcome.code == 2
    (line,) = [line for line in outcome.err.splitlines() if line.startswith("error: ")]
    assert message in line
    assert "Traceback" not in outcome.err
    assert not (folder / "local.onnx").exists()


def test_all_of_one_lesion(command: Command, pictures: dict[str, list[Path]], tmp_path: Path) -> None:
    rows = [f"{path},melanoma,L1" for path in pictures["melanoma"]]
    rows += [f"{path},nevus,L{i + 2}" for i, path in enumerate(pictures["nevus"])]
    mine = tmp_path / "mine.csv"
    mine.write_text("\n".join(["filename,label,lesion_id", *rows]))
    outcome = command("adapt", "--data", mine, "-o", tmp_path / "local.onnx")
    refused(
        outcome, "90 photographs are too few to adapt a model: of melanoma 1 lesions, of others 60", tmp_path
    )


def test_swapped_labels(command: Command, pictures: dict[str, list[Path]], tmp_path: Path) -> None:
    swapped = {"melanoma": pictures["nevus"], "nevus": pictures["melanoma"]}
    outcome = command("adapt", "--data", table(tmp_path / "mine.csv", swapped), "-o", tmp_path / "local.onnx")
    refused(outcome, "is far below 0.5: the model ranks melanomas below other lesions", tmp_path)
    assert "as if the labels were swapped" in outcome.err


def test_a_column_misnamed(command: Command, pictures: dict[str, list[Path]], tmp_path: Path) -> None:
    mine = table(tmp_path / "mine.csv", pictures, header="filename,verdict_of_dr_x")
    outcome = command("adapt", "--data", mine, "-o", tmp_path / "local.onnx", "--label-column", "verdict")
    refused(outcome, "verdict", tmp_path)


def test_an_adapted_model_is_not_adapted_again(
    command: Command, data: Path, adapted: Path, tmp_path: Path
) -> None:
    outcome = command("adapt", "--data", data, "--model", adapted, "-o", tmp_path / "local.onnx")
    refused(outcome, f"{adapted}: has been adapted already; adapt the model that it was made from", tmp_path)


@pytest.mark.parametrize("suffix", [".onnx", ".md", ".html"])
def test_a_file_that_is_not_ours_stays(command: Command, data: Path, tmp_path: Path, suffix: str) -> None:
    theirs = tmp_path / f"other{suffix}"
    content = SHIPPED.read_bytes() if suffix == ".onnx" else b"my notes"
    theirs.write_bytes(content)
    outcome = command("adapt", "--data", data, "-o", tmp_path / "other.onnx")
    refused(outcome, f"{theirs}: exists and is not", tmp_path)
    assert theirs.read_bytes() == content
    assert len(list(tmp_path.glob("other*"))) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--sensitivity", "95", "-o", "local.onnx"), "expected a share between 0 and 1, such as 0.95"),
        (("--sensitivity", "1", "-o", "local.onnx"), "expected a share between 0 and 1"),
        (("-o", "local.txt"), "local.txt: expected a name such as local.onnx for --output"),
        (("--model", "missing.onnx", "-o", "local.onnx"), "missing.onnx: cannot read the model"),
    ],
)
def test_wrong_use(
    command: Command,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(command("adapt", "--data", data, *arguments), message, tmp_path)


def test_without_onnx_one_line_says_what_to_install(
    command: Command, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    outcome = command("adapt", "--data", data, "-o", tmp_path / "local.onnx")
    refused(outcome, "pip install 'dermdistill[adapt]'", tmp_path)


def test_a_photograph_that_cannot_be_read_is_left_out_with_a_note(
    command: Command, pictures: dict[str, list[Path]], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff nothing")
    mine = table(tmp_path / "mine.csv", {**pictures, "nevus": [*pictures["nevus"], broken]})
    outcome = command(
        "adapt", "--data", mine, "--sensitivity", "0.80", "-o", tmp_path / "local.onnx", "--json"
    )
    result = json.loads(outcome.out)
    assert result["photographs"]["images"] == 90
    (text,) = result["notes"]
    assert text.startswith(f"photographs that cannot be read are left out: {broken}: ")


def test_it_needs_onnx_but_no_training_half(data: Path, tmp_path: Path) -> None:
    refused = tuple(name for name in NOT_LIGHT if name != "onnx")
    assert "onnx" in imported("adapt", "--data", data, "-o", tmp_path / "local.onnx", refused=refused)
