"""Score any number of image files: in order, side by side, in constant memory."""

import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

from dermdistill.data.dicom import SeveralFramesError
from dermdistill.errors import UserError
from dermdistill.inference.model import Model
from dermdistill.inference.prediction import Prediction
from dermdistill.inference.remote import Fetched, fetched, is_shard
from dermdistill.inference.shards import members
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
        unreachable: whether a storage did not answer, so that a later try may succeed.
    """

    path: str
    prediction: Prediction | None
    error: str | None = None
    frame: int | None = None
    file_bytes: int | None = None
    unreachable: bool = False

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

    Every worker decodes an image and scores it on its one core. URLs are fetched ahead.

    Args:
        model: scores them.
        paths: read one at a time; of files, URLs, or WebDataset shards.
        workers: threads.
    """
    chunks = _chunks(fetched(paths))
    for rows in map_in_order(
        partial(_score_chunk, model), chunks, workers=workers, ahead=workers * _CHUNKS_AHEAD
    ):
        yield from rows


def _chunks(files: Iterator[Fetched]) -> Iterator[list[Fetched]]:
    while chunk := list(islice(files, _CHUNK)):
        yield chunk


def _score_chunk(model: Model, files: list[Fetched]) -> list[ScoredImage]:
    return [row for file in files for row in _score(model, file)]


def _score(model: Model, file: Fetched) -> list[ScoredImage]:
    if file.error is not None:
        return [ScoredImage(file.path, None, file.error, unreachable=file.unreachable)]
    if file.content is None and is_shard(file.path):
        return [row for member in members(file.path) for row in _score(model, member)]
    # Before it is read: a file that grows meanwhile shall look changed.
    size = size_of(file.path) if file.content is None else len(file.content)
    try:
        return [_score_image(model, file, size)]
    except SeveralFramesError as several:
        return [_score_image(model, file, size, frame) for frame in range(1, several.frames + 1)]


def _score_image(model: Model, file: Fetched, size: int | None, frame: int | None = None) -> ScoredImage:
    source = file.path if file.content is None else _Named(file.content, file.path)
    try:
        prediction = model.predict_file(source, frame=frame)
        return ScoredImage(file.path, prediction, frame=frame, file_bytes=size)
    except SeveralFramesError:
        raise
    except UserError as error:
        return ScoredImage(file.path, None, str(error), frame, size)


class _Named(io.BytesIO):
    """A content that error messages can name."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name
