"""From a run to a model file, and from the file to scores, as a user does it."""

import copy
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from onnx import ModelProto
from PIL import Image
from safetensors.torch import save
from torch import nn

import dermdistill
from dermdistill.data.images import read_image, resize
from dermdistill.data.packed_hashes import unpack_hashes
from dermdistill.digits import rounded
from dermdistill.errors import UserError
from dermdistill.evaluation.metrics import auc
from dermdistill.evaluation.predictions import read_predictions
from dermdistill.export.network import to_onnx
from dermdistill.models.checkpoint import load_weights
from dermdistill.models.torch_predictor import TorchPredictor
from dermdistill.pipeline.export import check_replaceable
from dermdistill.runs import RunFolder

from ..conftest import Outcome, exit_code, write_images

Command = Callable[..., Outcome]
NAME = "dsnet-labels-seed46"
UNTRAINED = (
    *("--set", "teacher.learning_rate=1e-12", "--set", "student.learning_rate=1e-12"),
    *("--set", "student.seeds=[46]"),
)
"""How far rounding moves P after a training depends on the processor. The weights of this seed tell the two
colours of the images from each other as they are drawn, so they are left as they are."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two colours of images, ``lesions``, and a run on them; tests copy it."""
    folder = tmp_path_factory.mktemp("made")
    write_images(folder / "lesions", melanoma=40, nevus=60)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        code = exit_code(
            patch,
            *("run", "--data", "lesions", "--recipe", "demo", "--output", "run", "--set", "data.size=24"),
            *("--set", "teacher.model=test_resnet", "--set", "teacher.epochs=1", "--set", "student.epochs=2"),
            *("--set", "teacher.batch_size=8", "--set", "student.batch_size=8"),
            *("--set", "student.objectives=['labels']", "--set", "evaluation.replicates=100", *UNTRAINED),
        )
    assert code == 0
    return folder


_TRACED: dict[bytes, ModelProto] = {}


@pytest.fixture(autouse=True)
def _each_network_is_traced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch takes seconds for it, and most of these tests export the same student."""

    def remembered(network: nn.Module, size: int) -> ModelProto:
        key = save(network.state_dict())
        if key not in _TRACED:
            _TRACED[key] = to_onnx(network, size)
        return copy.deepcopy(_TRACED[key])

    monkeypatch.setattr("dermdistill.pipeline.export.to_onnx", remembered)


@pytest.fixture
def run(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A copy of the run that was made in the working folder, beside the images."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    folder = RunFolder(tmp_path / "run")
    folder.manifest.write_text(folder.manifest.read_text().replace(str(made), str(tmp_path)))
    return folder


def test_a_file_learns_from_other_pictures(command: Command, run: RunFolder, tmp_path: Path) -> None:
    """Pictures that lie in folders of folders, and are small, grey or in another format."""
    others = tmp_path / "phone" / "one"
    others.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for i in range(6):
        stripes = np.full((40, 30), 20 * i, np.uint8)
        stripes[:, :: 2 + i] = 250
        Image.fromarray(stripes).save(others / f"{i}.{('png', 'bmp')[i % 2]}")
    plain = command("export", run.path, "-o", tmp_path / "plain")
    taught = command("export", run.path, "-o", tmp_path / "taught", "--other-pictures", tmp_path / "phone")
    assert (plain.code, taught.code) == (0, 0), plain.err + taught.err
    first, second = (dermdistill.load(tmp_path / name / f"{NAME}.onnx") for name in ("plain", "taught"))
    assert first.info.detector is not None
    assert second.info.detector is not None
    pixels = rng.integers(0, 256, (50, 40, 3), dtype=np.uint8)
    assert first.score(pixels).probability == second.score(pixels).probability
    assert first.model_id != second.model_id


def test_other_pictures_are_a_folder(command: Command, run: RunFolder) -> None:
    missing = run.path / "nowhere"
    done = command("export", run.path, "--other-pictures", missing)
    assert (done.code, done.err.strip().splitlines()[-1]) == (
        2,
        f"error: {missing}: --other-pictures needs a folder of pictures, and this is none",
    )
    assert not run.export.exists()


@pytest.mark.parametrize("content", [None, b"no picture"])
def test_other_pictures_that_cannot_be_read(
    command: Command, run: RunFolder, tmp_path: Path, content: bytes | None
) -> None:
    folder = tmp_path / "others"
    folder.mkdir()
    if content is not None:
        (folder / "a.jpg").write_bytes(content)
    done = command("export", run.path, "--other-pictures", folder)
    assert done.code == 2
    assert done.err.strip().splitlines()[-1].startswith(f"error: {folder}")
    assert not list(run.export.glob("*.onnx"))


def test_from_a_run_to_scores_without_pytorch(command: Command, run: RunFolder, tmp_path: Path) -> None:
    done = command("export", run.path, "--int8", "--json")
    assert done.code == 0, done.err
    parity = json.loads(done.out)
    files = {name: run.export / name for name in (f"{NAME}.onnx", f"{NAME}.int8.onnx")}
    assert list(parity) == [str(path) for path in files.values()]
    for path in files.values():
        report = parity[str(path)]
        assert rounded(json.loads(path.with_suffix(".parity.json").read_text())) == report
        assert report["bytes"] == path.stat().st_size
        assert report["images"] == 20
        assert report["largest_difference"] <= report["tolerance"]
    assert parity[str(files[f"{NAME}.onnx"])]["largest_difference"] < 1e-5
    assert 0 < parity[str(files[f"{NAME}.onnx"])]["resize_difference"] < 0.01
    assert len(parity[str(files[f"{NAME}.int8.onnx"])]["points"]) == 8

    # The file scores photographs as PyTorch does, calibrated alike.
    model = dermdistill.load(run.path)
    network, info = load_weights(run.model(NAME).weights)
    assert info.calibration is None
    assert model.info.calibration is not None
    calibrated = replace(info, calibration=model.info.calibration)
    trained = TorchPredictor(network, calibrated, torch.device("cpu"))
    assert load_weights(run.export / f"{NAME}.safetensors")[1] == model.info
    assert model.info.learned_from is not None
    assert len(unpack_hashes(model.info.learned_from)) == 80  # training and validation images
    assert model.info.learned_from == info.learned_from
    assert dermdistill.load(files[f"{NAME}.int8.onnx"]).info.learned_from == info.learned_from
    frequencies = model.info.frequencies
    assert frequencies is not None
    assert sum(frequencies) == pytest.approx(1)
    assert model.info.validation is not None
    assert frequencies[model.info.melanoma] == pytest.approx(model.info.validation.prevalence)
    photographs = sorted((tmp_path / "lesions").rglob("*.jpg"))[::10]
    pixels = np.stack([resize(read_image(path).pixels, 24) for path in photographs])
    scored = [prediction.probability for prediction in model.predict(photographs)]
    np.testing.assert_allclose(scored, trained.predict(pixels)[:, info.melanoma], atol=0.01)

    # It says of its validation images what it would do to them.
    point = dermdistill.load(run.path, operating_point="youden").operating_point
    assert model.info.validation is not None
    assert model.info.validation.at(point.threshold) == (point.sensitivity, point.specificity)
    assert 0 < model.info.validation.prevalence < 1


def test_the_file_is_evaluated_by_the_code_that_evaluates_weights(
    command: Command, run: RunFolder, tmp_path: Path
) -> None:
    assert command("export", run.path).code == 0
    data = tmp_path / "lesions"
    out = tmp_path / "judged"
    arguments = [
        "evaluate",
        run.export / f"{NAME}.onnx",
        "--data",
        data,
        "--output",
        out,
        "--replicates",
        "100",
    ]
    on_training_images = command(*arguments)
    assert on_training_images.code == 2
    assert "the run was trained or selected on it" in on_training_images.err
    judged = command(*arguments, "--split", "test")
    assert judged.code == 0, judged.err
    scored = read_predictions(out / NAME / "predictions.csv")
    before = read_predictions(run.model(NAME).predictions).of_split("test")
    assert len(scored) == len(before) == 20
    rows = [scored.image_id.index(image_id) for image_id in before.image_id]
    after = scored.take(rows)
    # Calibration moves probabilities and no rank.
    assert auc(after.label, after.probability) == pytest.approx(
        auc(before.label, before.probability), abs=1e-9
    )
    assert not np.allclose(after.probability, before.probability, atol=1e-3)


def test_a_difference_above_the_tolerance_writes_no_model(command: Command, run: RunFolder) -> None:
    done = command("export", run.path, "--int8", "--tolerance", "0")
    assert done.code == 2
    assert f"{NAME}.int8.onnx: not written: P(melanoma) differs by" in done.err
    assert "more than the tolerance 0; see" in done.err
    assert [path.name for path in run.exported()] == [f"{NAME}.onnx"]
    assert (run.export / f"{NAME}.int8.parity.json").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (f"{NAME}.onnx", b"an ONNX model of another program"),
        (f"{NAME}.parity.json", b'{"about": "parity of something else"}'),
        (f"{NAME}.safetensors", b"weights of another program"),
        (f"{NAME}.int8.onnx", b"thesis"),
    ],
)
def test_files_of_others_are_left_as_they_are(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=r"exists and is not a.* of this program; choose another --output$"):
        check_replaceable(tmp_path, NAME, int8=True)
    assert (tmp_path / name).read_bytes() == content
    if ".int8" in name:
        check_replaceable(tmp_path, NAME, int8=False)


def test_what_export_wrote_is_written_again(command: Command, run: RunFolder, tmp_path: Path) -> None:
    for _ in range(2):
        done = command("export", run.path, "--output", tmp_path / "out")
        assert done.code == 0, done.err
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".onnx", ".json", ".safetensors"}


def test_wrong_models_and_moved_images(command: Command, run: RunFolder, tmp_path: Path) -> None:
    unknown = command("export", run.path, "--model", "dsnet-hinton-seed7")
    assert unknown.code == 2
    assert f"has no model 'dsnet-hinton-seed7'; it has teacher, {NAME}" in unknown.err
    data = tmp_path / "lesions"
    moved = data.rename(tmp_path / "moved")
    assert "lesions: the images of" in command("export", run.path).err
    fewer = tmp_path / "fewer"
    moved.rename(fewer)
    next(fewer.rglob("*.jpg")).unlink()
    partly = command("export", run.path, "--data", fewer)
    assert partly.code == 2
    assert "fewer: holds 99 of the 100 images that the run was made of; say where they are with --data" in (
        partly.err
    )
    assert not run.export.exists()


def test_from_another_working_directory(
    command: Command, run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert command("export", run.path).code == 0

    # Earlier versions remembered the path as it was given.
    manifest = json.loads(run.manifest.read_text())
    assert manifest["data"].pop("paths") == [str(tmp_path / "lesions")]
    manifest["data"]["path"] = "lesions"
    run.manifest.write_text(json.dumps(manifest))
    assert command("export", run.path).code == 0

    (tmp_path / "lesions").rename(tmp_path / "elsewhere" / "moved")
    gone = command("export", run.path)
    assert gone.code == 2
    assert f"error: lesions: the images of {run.path} were here and are gone; say where they are" in gone.err
    assert command("export", run.path, "--data", "moved").code == 0


def test_the_teacher_can_be_exported_too(command: Command, run: RunFolder) -> None:
    done = command("export", run.path, "--model", "teacher")
    assert done.code == 0, done.err
    assert "change of AUC" in done.out
    assert dermdistill.load(run.path).model_id.startswith("test_resnet ")


@pytest.mark.parametrize("arguments", [["--to", "tflite"], ["--tolerance", "2"]])
def test_wrong_use(command: Command, tmp_path: Path, arguments: list[str]) -> None:
    assert command("export", tmp_path, *arguments).code == 2


def test_no_such_run(command: Command, tmp_path: Path) -> None:
    assert "gone: not a run folder" in command("export", tmp_path / "gone").err
    assert "no finished student in this run" in command("export", tmp_path).err
