"""All images of a data set that cannot be used, named at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dermdistill.data.decoding_processes import CHUNK, runner
from dermdistill.errors import SeveralError, UserError
from dermdistill.files import write_text
from dermdistill.progress import bar
from dermdistill.records import ImageSource

_SHOWN = 10


def undecodable(images: Sequence[ImageSource], *, workers: int, progress: bool) -> list[UserError]:
    """Decode every image and keep none; the error of each that is damaged or missing, in order.

    Args:
        images: of a data set.
        workers: processes that decode.
        progress: show a bar on stderr.
    """
    chunks = [_Checked(images[first : first + CHUNK]) for first in range(0, len(images), CHUNK)]
    failures: list[UserError] = []
    with (
        bar(label="Checking images", unit="image", total=len(images), hidden=not progress) as shown,
        runner(workers, len(images)) as run,
    ):
        for chunk, errors in zip(chunks, run(chunks), strict=True):
            failures.extend(errors)
            shown.update(len(chunk.images))
    return failures


def unusable(failures: Sequence[UserError], *, of: int, folder: Path) -> UserError:
    """One error for all images of a data set that cannot be used.

    Args:
        failures: the error of each, at least one.
        of: how many images the data set has.
        folder: where a list of them is written when they are too many for a screen.

    Returns:
        The failure itself where it is the only one; else an error whose ``lines`` are the others, or the
        first of them.
    """
    first, *others = failures
    if not others:
        return first
    summary = f"{first} (and {len(others)} more of the {of} images cannot be used"
    lines = [str(failure) for failure in others]
    if len(failures) > _SHOWN:
        path = folder / "unusable-images.txt"
        try:
            write_text(path, "".join(f"{failure}\n" for failure in failures))
        except UserError:  # then all of them are shown
            return SeveralError(f"{summary})", lines)
        return SeveralError(f"{summary}; all are named in {path})", lines[: _SHOWN - 1])
    return SeveralError(f"{summary})", lines)


@dataclass(frozen=True, slots=True)
class _Checked:
    """A chunk whose pixels nobody keeps (see ``decoding_processes.Chunk``)."""

    images: Sequence[ImageSource]

    def decode(self) -> list[UserError]:
        failures: list[UserError] = []
        for image in self.images:
            try:
                image.decode()
            except UserError as error:
                failures.append(error)
        return failures
