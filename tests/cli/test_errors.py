"""A wrong input costs one clear line and exit code 2, and leaves nothing half-written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dermdistill.data.images import InputSpec
from dermdistill.inference.model_info import ModelInfo
from dermdistill.models.checkpoint import save_weights
from dermdistill.models.dsnet import DSNet

from ..conftest import Outcome

TINY = [
    *("--recipe", "demo", "--set", "data.size=24", "--set", "evaluation.replicates=100"),
    *("--set", "teacher.model=test_resnet", "--set", "teacher.epochs=1", "--set", "student.epochs=1"),
    *("--set", "teacher.batch_size=8", "--set", "student.batch_size=8"),
]
Command = Callable[..., Outcome]


def one_line(outcome: Outcome) -> str:
    """The single error line of a failed command."""
    assert outcome.code == 2, outcome.err
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    lines = [line for line in outcome.err.replace("\r", "\n").splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, outcome.err
    return lines[0]


def csv_of(folder: Path, *rows: str, header: str = "isic_id,diagnosis") -> Path:
    """An ISIC-like folder: metadata.csv beside images, one good JPEG a row that names ``good...``."""
    (folder / "images").mkdir(parents=True)
    (folder / "metadata.csv").write_text("\n".join([header, *rows]) + "\n")
    for row in rows:
        name = row.split(",")[0]
        if name.startswith("good"):
            pixels = np.random.default_rng([*name.encode()]).integers(0, 256, (30, 30, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "images" / f"{name}.jpg")
    return folder


GOOD = [f"good{i},{'melanoma' if i % 2 else 'nevus'}" for i in range(40)]


def no_such_path(folder: Path) -> Path:
    return folder / "nowhere"


def unknown_layout(folder: Path) -> Path:
    folder.mkdir()
    (folder / "notes.txt").write_text("hello")
    return folder


def missing_column(folder: Path) -> Path:
    return csv_of(folder, "good1,x", header="isic_id,colour")


def missing_image(folder: Path) -> Path:
    return csv_of(folder, *GOOD, "absent,melanoma")


def duplicate_ids(folder: Path) -> Path:
    return csv_of(folder, *GOOD, "good1,melanoma")


def two_labels(folder: Path) -> Path:
    return csv_of(folder, *GOOD, "good1,nevus")


def one_class(folder: Path) -> Path:
    return csv_of(folder, *(f"good{i},nevus" for i in range(40)))


def too_few_lesions(folder: Path) -> Path:
    return csv_of(folder, *GOOD[:3])


def with_file(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        csv_of(folder, *GOOD, f"{Path(name).stem},melanoma")
        (folder / "images" / name).write_bytes(content)
        return folder

    return make


def truncated_jpeg(folder: Path) -> Path:
    csv_of(folder, *GOOD)
    path = folder / "images" / "good3.jpg"
    path.write_bytes(path.read_bytes()[:-200])
    return folder


def bomb(folder: Path) -> Path:
    csv_of(folder, *GOOD, "bomb,melanoma")
    Image.new("1", (20_000, 20_000)).save(folder / "images" / "bomb.png")
    return folder


@pytest.mark.parametrize(
    ("make", "fragments"),
    [
        (no_such_path, ["nowhere", "no such"]),
        (unknown_layout, ["not a known layout", "image,diagnosis / photo1.jpg,melanoma"]),
        (missing_column, ["metadata.csv", "diagnosis"]),
        (missing_image, ["metadata.csv", "absent"]),
        (duplicate_ids, ["metadata.csv", "good1"]),
        (two_labels, ["metadata.csv", "good1"]),
        (one_class, ["melanoma"]),
        (too_few_lesions, ["lesion"]),
        (truncated_jpeg, ["good3.jpg"]),
        (with_file("words.jpg", b"this is text, not an image"), ["words.jpg"]),
        (with_file("empty.jpg", b""), ["empty.jpg"]),
        (bomb, ["bomb.png", "50"]),
        (with_file("scan.dcm", bytes(128) + b"DICM"), ["scan.dcm", "no transfer syntax"]),
    ],
)
def test_wrong_data(
    command: Command, tmp_path: Path, make: Callable[[Path], Path], fragments: list[str]
) -> None:
    data = make(tmp_path / "data")
    line = one_line(command("run", "--data", data, "--output", tmp_path / "run", *TINY))
    assert all(fragment in line for fragment in fragments), line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        (["--recipe", "nope"], ["nope: no such recipe", "demo"]),
        (["--set", "student.epoch=3"], ["unknown key 'student.epoch'", "'student.epochs'"]),
        (["--set", "teacher.model=resnet5"], ["'resnet5'", "resnet50"]),
        (
            ["--set", "teacher.model=vit_tiny_patch16_224", "--weights", "none", "--set", "data.size=40"],
            ["'vit_tiny_patch16_224' cannot take images of data.size = 40 pixels"],
        ),
        (["--set", "student.seeds=[-1]", "--recipe", "demo"], ["student.seeds.0 = -1"]),
        (["--weights", "gone.pth"], ["gone.pth: no such weights file"]),
    ],
)
def test_wrong_choices(command: Command, tmp_path: Path, arguments: list[str], fragments: list[str]) -> None:
    line = one_line(command("run", "--data", "synthetic", "--output", tmp_path / "run", *arguments))
    assert all(fragment in line for fragment in fragments), line
    assert not (tmp_path / "run").exists()


def test_unwritable_run_folder(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    line = one_line(command("run", "--data", "synthetic", "--output", tmp_path / "file" / "run", *TINY))
    assert "is a file; expected a folder" in line


def test_a_folder_of_other_things_is_left_alone(command: Command, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    line = one_line(command("run", "--data", "synthetic", "--output", tmp_path, *TINY))
    assert "holds other files" in line
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_loss_that_is_not_finite_in_the_first_epoch(
    command: Command, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    data = image_folder(melanoma=24, nevus=24)
    hot = ["--set", "teacher.learning_rate=1e30", "--set", "teacher.weight_decay=0.0"]
    outcome = command("run", "--data", data, "--output", tmp_path / "run", *TINY, *hot)
    assert outcome.code == 1
    lines = [line for line in outcome.err.splitlines() if line.startswith("failed: ")]
    assert "failed: teacher: the loss is" in lines[-1]
    assert "in epoch 1" in lines[-1]
    assert "no weights to keep" in lines[-1]
    assert lines[:-1] == ["failed: dsnet-hinton-seed0: teacher could not be trained"]
    trained = [path.parent.name for path in (tmp_path / "run").rglob("*.safetensors")]
    assert trained == ["dsnet-labels-seed0"]
    assert "teacher could not be trained: the loss is" in (tmp_path / "run" / "report.html").read_text()


def test_a_corrupt_checkpoint(
    command: Command, image_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = image_folder(melanoma=24, nevus=24)
    arguments = ["run", "--data", data, "--output", tmp_path / "run", *TINY]

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("dermdistill.pipeline.cells._score", killed)
        assert command(*arguments).code == 130
    checkpoint = tmp_path / "run" / "models" / "teacher" / "checkpoint.ckpt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-1])
    assert "teacher/checkpoint.ckpt: the checkpoint is damaged; delete it" in one_line(command(*arguments))


def test_weights_of_another_architecture_leave_no_run(
    command: Command, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    path = tmp_path / "other.safetensors"
    info = ModelInfo("dsnet", ("other", "melanoma"), InputSpec(24, (0.5,) * 3, (0.5,) * 3))
    save_weights(path, DSNet(24, 2), info)
    data = image_folder(melanoma=24, nevus=24)
    line = one_line(command("run", "--data", data, "--output", tmp_path / "run", *TINY, "--weights", path))
    assert "other.safetensors: weights of another architecture" in line
    assert not (tmp_path / "run").exists()


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """A limit on file size stands in for a full disk."""
    resource = pytest.importorskip("resource", reason="only POSIX limits the size of files")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_one_clear_line(
    command: Command, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    """Writing the teacher's weights fails."""
    data = image_folder(melanoma=24, nevus=24)
    with no_file_larger_than(400_000):
        done = command("run", "--data", data, "--output", tmp_path / "run", *TINY)
    assert "checkpoint.ckpt: cannot write (File too large)" in one_line(done)
    left = {path.name for path in (tmp_path / "run" / "models" / "teacher").iterdir()}
    assert left == {"tensorboard"}


def test_evaluate_refuses_what_is_no_model(command: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    line = one_line(command("evaluate", tmp_path / "empty", "--data", "synthetic"))
    assert "neither a model file nor a run folder" in line
    (tmp_path / "w.safetensors").write_bytes(b"junk")
    line = one_line(command("evaluate", tmp_path / "w.safetensors", "--data", "synthetic"))
    assert "w.safetensors: cannot read it as weights" in line


def test_evaluate_refuses_weights_of_another_architecture(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    info = ModelInfo("test_resnet", ("other", "melanoma"), InputSpec(24, (0.5,) * 3, (0.5,) * 3))
    save_weights(path, DSNet(24, 2), info)
    assert "weights of another architecture" in one_line(command("evaluate", path, "--data", "synthetic"))


def test_evaluate_of_an_unknown_split_says_which_there_are(
    command: Command, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(
        path, DSNet(24, 2), ModelInfo("dsnet", ("other", "melanoma"), InputSpec(24, (0.5,) * 3, (0.5,) * 3))
    )
    data = image_folder(melanoma=3, nevus=3)
    line = one_line(command("evaluate", path, "--data", data, "--split", "test"))
    assert "--split test: no such file, and the data has no such split" in line


def test_cuda_where_there_is_none(command: Command, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("a CUDA GPU is here")
    line = one_line(command("run", "--data", "synthetic", "--device", "cuda", "--output", tmp_path / "run"))
    assert "no CUDA GPU" in line


def test_report_of_no_run(command: Command, tmp_path: Path) -> None:
    assert str(tmp_path) in one_line(command("report", tmp_path))
