"""A process that decodes, scores and explains: all that the bytes of a stranger can reach.

It gets tasks and gives answers through one pipe, as JSON and plain bytes. Nothing that it sends is unpickled,
so a file that takes it over has won an answer to that file.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

import numpy as np

from dermdistill.data.dicom import SeveralFramesError
from dermdistill.data.images import read_image_bytes
from dermdistill.errors import UserError, printable
from dermdistill.inference.explain import explain_decoded
from dermdistill.inference.explanation_picture import PANEL, draw_explanation, to_png
from dermdistill.inference.model import Model
from dermdistill.inference.rows import row_dict
from dermdistill.inference.stream import ScoredImage

READY = b"ready"
TAKEN = b"taken"
"""Before the first part: from here on it may be the file's fault if the process ends."""
END = b""
"""Behind the parts of an answer, none of which is empty."""


@dataclass(frozen=True, slots=True)
class Task:
    """What to do with a file.

    Attributes:
        kind: ``score`` gives a row of JSON for each image in the file; ``explain`` a PNG, or why there is
            none as JSON text.
        name: of the file.
        seconds: for each image, after which the worker is ended.
        most: images that are scored; a file of more is refused.
        frame: which image of a DICOM file is explained; None for that of a file of one.
        prevalence: that P was re-stated for, if it was.
    """

    kind: Literal["score", "explain"]
    name: str
    seconds: float
    most: int = 1
    frame: int | None = None
    prevalence: float | None = None


def send(connection: Connection, task: Task, content: bytes) -> None:
    """Give a worker a task."""
    connection.send_bytes(json.dumps(asdict(task)).encode())
    connection.send_bytes(content)


def work(connection: Connection, memory: int) -> None:
    """The main function of a worker: answer tasks until the server closes the pipe.

    Args:
        connection: to the server; the model comes first.
        memory: bytes that a task may take.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # they reach the whole group; the server ends its workers
        signal.signal(number, signal.SIG_IGN)
    with suppress(EOFError, ConnectionError):
        model: Model = connection.recv()
        size = model.info.input.size
        model.score(np.zeros((size, size, 3), np.uint8))
        _confine(memory)
        connection.send_bytes(READY)
        while True:
            task = Task(**json.loads(connection.recv_bytes()))
            content = connection.recv_bytes()
            connection.send_bytes(TAKEN)
            _end_if_left_alone(task.seconds)
            for part in _answer(model, task, content):
                connection.send_bytes(part)
                _end_if_left_alone(task.seconds)
            connection.send_bytes(END)
            _end_if_left_alone(0)


def _confine(memory: int) -> None:
    """No file can be written or grow, no memory is dumped, nothing of a file is printed."""
    silent = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(silent, descriptor)
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    statistics = Path("/proc/self/statm")
    if statistics.exists():
        taken = int(statistics.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + memory, taken + memory))


def _end_if_left_alone(seconds: float) -> None:
    """End this process some time after the server should have done so, if it can no longer; 0 for never."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, 2 * seconds)


def _answer(model: Model, task: Task, content: bytes) -> Iterator[bytes]:
    if task.kind == "explain":
        yield _explained(model, task, content)
        return
    for row in _scored(model, task, content):
        yield json.dumps(row_dict(row, model)).encode()


def _scored(model: Model, task: Task, content: bytes) -> Iterator[ScoredImage]:
    try:
        yield _scored_image(model, task.name, content)
    except SeveralFramesError as several:
        if several.frames > task.most:
            hint = f"holds {several.frames} images; at most {task.most} are scored in one request"
            yield ScoredImage(
                task.name, None, f"{printable(task.name)}: {hint}; send them in parts", None, len(content)
            )
            return
        for frame in range(1, several.frames + 1):
            yield _scored_image(model, task.name, content, frame)


def _scored_image(model: Model, name: str, content: bytes, frame: int | None = None) -> ScoredImage:
    prediction, error = None, None
    try:
        read = read_image_bytes(content, name, model.info.input.halve_from, frame=frame)
        prediction = model.score_decoded(read, path=name, frame=frame)
    except SeveralFramesError:
        raise
    except UserError as refused:
        error = str(refused)
    except Exception as unexpected:
        error = _unexpected(name, unexpected)
    return ScoredImage(name, prediction, error, frame, len(content))


def _explained(model: Model, task: Task, content: bytes) -> bytes:
    try:
        halve_from = model.info.input.halve_from
        explanation = explain_decoded(
            model, read_image_bytes(content, task.name, halve_from, frame=task.frame)
        )
        photograph = read_image_bytes(content, task.name, 2 * PANEL, frame=task.frame).pixels
        return to_png(draw_explanation(explanation, photograph, printable(task.name), task.prevalence))
    except UserError as refused:
        return json.dumps(str(refused)).encode()
    except Exception as unexpected:
        return json.dumps(_unexpected(task.name, unexpected)).encode()


def _unexpected(name: str, error: Exception) -> str:
    if isinstance(error, MemoryError):
        return f"{printable(name)}: needs more memory than this server gives one image; scale it down"
    return (
        f"{printable(name)}: cannot be scored (unexpected {type(error).__name__}); save it as a JPEG or PNG"
    )
