"""How long does a whole command take that predicts image files? The paper's prediction time."""

import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from dermdistill.benchmark.measurements import DiskTime, Runtime
from dermdistill.benchmark.subjects import Subject
from dermdistill.benchmark.whole_command import disk_time
from dermdistill.benchmark.worker_process import PYTHON, with_threads
from dermdistill.data.images import IMAGE_SUFFIXES
from dermdistill.errors import UserError
from dermdistill.progress import bar


def image_files(folder: Path) -> list[Path]:
    """The images in a folder and its folders, by name; raises UserError where there is none."""
    if not folder.is_dir():
        raise UserError(f"--images {folder}: no such folder")
    files = sorted(path.absolute() for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    if not files:
        raise UserError(f"--images {folder}: holds no images")
    return files


def times_from_disk(
    subjects: Sequence[Subject], files: Sequence[Path], count: int, *, turns: int, threads: int, device: str
) -> list[DiskTime]:
    """Time whole commands for every model and runtime, in turns: for one image, then for ``count``.

    Process start, imports, decoding, resizing, scoring and writing a CSV. ONNX: ``dermdistill predict
    --output``, an image at a time; PyTorch: the same in batches of 32. The files have been read once before,
    so the disk's speed is not in it.

    Args:
        subjects: the models.
        files: images, gone through again where there are fewer than ``count``.
        count: images to predict, at least 2.
        turns: how often each command runs.
        threads: of each command.
        device: of PyTorch.

    Raises:
        UserError: a file cannot be predicted.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        many, one = (_links(folder / str(n), files, n) for n in (count, 1))
        for path in files[:count]:
            path.read_bytes()
        runs = [(subject, runtime) for subject in subjects for runtime in subject.files]
        pairs: list[list[tuple[float, float]]] = [[] for _ in runs]
        with bar(label="predicting from disk", unit="pair", total=turns * len(runs)) as shown:
            for _ in range(turns):
                for (subject, runtime), of_run in zip(runs, pairs, strict=True):
                    start, seconds = (
                        _seconds(
                            _command(subject, runtime, images, folder / "scores.csv", threads, device),
                            threads,
                        )
                        for images in (one, many)
                    )
                    of_run.append((start, seconds))
                    shown.update()
    return [
        disk_time(subject.name, runtime, count, of_run)
        for (subject, runtime), of_run in zip(runs, pairs, strict=True)
    ]


def _links(folder: Path, files: Sequence[Path], count: int) -> Path:
    folder.mkdir()
    for i in range(count):
        target = files[i % len(files)]
        (folder / f"{i:06}{target.suffix}").symlink_to(target)
    return folder


def _command(
    subject: Subject, runtime: Runtime, images: Path, out: Path, threads: int, device: str
) -> list[str]:
    # A table that is there already would be gone on with.
    out.unlink(missing_ok=True)
    file = subject.files[runtime]
    if runtime == "PyTorch":
        scoring = ("-m", "dermdistill.benchmark.scoring")
        return [*PYTHON, *scoring, str(file), str(images), str(out), str(threads), device]
    predict = ("-m", "dermdistill", "predict", str(images), "--output", str(out))
    # A model that was never trained has no operating point of its own.
    return [*PYTHON, *predict, "--model", str(file), "--operating-point", "0.5", "--workers", str(threads)]


def _seconds(command: Sequence[str], threads: int) -> float:
    begin = time.perf_counter()
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=with_threads(threads),
    )
    seconds = time.perf_counter() - begin
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1][:200]
        raise UserError(f"--images: predicting them failed ({said}); try `dermdistill predict` on the folder")
    return seconds
