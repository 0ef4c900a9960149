"""Score any number of image files: in order, side by side, in constant memory."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

from dermdistill.data.dicom import SeveralFramesError
from dermdistill.errors import UserError
from dermdistill.inference.model import Model
from dermdistill.inference.prediction import Prediction
from dermdistill.inference.side_by_side import map_in_order

# Large enough that handing work over costs nothing, small enough that the answers come steadily.
_CHUNK = 16
_CHUNKS_AHEAD = 3

FRAME = "#frame="


@dataclass(frozen=True, slots=True)
class ScoredImage:
    """One image and what became of it: a prediction, or the error of a file that cannot be scored.

    Attributes:
        path: of the file, as it was given.
        error: why it cannot be scored; None beside a prediction.
        frame: which of a DICOM file's several images, from 1; None for a file of one.
        file_bytes: size of the file when it was read; None where there was none.
    """

    path: str
    prediction: Prediction | None
    error: str | None = None
    frame: int | None = None
    file_bytes: int | None = None

    @property
    def name(self) -> str:
        """The path, with the frame behind it where there are several."""
        return self.path if self.frame is None else f"{self.path}{FRAME}{self.frame}"


def path_of(name: str) -> str | None:
    """The path in a name with a frame; None where the name has none."""
    path, mark, number = name.rpartition(FRAME)
    return path if mark and number.isdecimal() else None


def size_of(path: str) -> int | None:
    """Of a file, in bytes; None where there is none."""
    try:
        return os.stat(path).st_size  # noqa: PTH116  a Path object costs more than the call
    except (OSError, ValueError):
        return None


def score_files(model: Model, paths: Iterable[str], *, workers: int) -> Iterator[ScoredImage]:
    """Score files in the order given.

    Every worker decodes an image and scores it on its one core.

    Args:
        model: scores them.
        paths: read one at a time.
        workers: threads.
    """
    chunks = _chunks(iter(paths))
    for rows in map_in_order(
        partial(_score_chunk, model), chunks, workers=workers, ahead=workers * _CHUNKS_AHEAD
    ):
        yield from rows


def _chunks(paths: Iterator[str]) -> Iterator[list[str]]:
    while chunk := list(islice(paths, _CHUNK)):
        yield chunk


def _score_chunk(model: Model, paths: list[str]) -> list[ScoredImage]:
    return [row for path in paths for row in _score(model, path)]


def _score(model: Model, path: str) -> list[ScoredImage]:
    size = size_of(path)  # before it is read: a file that grows meanwhile shall look changed
    try:
        return [_score_image(model, path, size)]
    except SeveralFramesError as several:
        return [_score_image(model, path, size, frame) for frame in range(1, several.frames + 1)]


def _score_image(model: Model, path: str, size: int | None, frame: int | None = None) -> ScoredImage:
    try:
        prediction = model.predict_file(path, frame=frame)
        return ScoredImage(path, prediction, frame=frame, file_bytes=size)
    except SeveralFramesError:
        raise
    except UserError as error:
        return ScoredImage(path, None, str(error), frame, size)
