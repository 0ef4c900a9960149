"""``--format isic2018``: answers as a submission to the ISIC challenge of 2018."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dermdistill.errors import UserError, printable
from dermdistill.inference.diagnoses import READING_WORDS, Reading, check_reading
from dermdistill.inference.isic2018 import EXPECTED, HEADER, ChallengeRows, check_classes, is_challenge_table
from dermdistill.inference.model import Model
from dermdistill.inference.stream import ScoredImage
from dermdistill.messages import inform, warn
from dermdistill.outputs import Output, open_output


@dataclass(frozen=True, slots=True)
class Challenge:
    """That answers are wanted in the challenge's format, and which reading of the diagnoses."""

    reading: Reading

    @classmethod
    def of(cls, format: str | None, reading: str | None) -> "Challenge | None":
        """From the options ``--format`` and ``--diagnoses``; raises UserError where they do not fit."""
        if format is None:
            if reading is not None:
                raise UserError("--diagnoses: chooses what --format isic2018 writes; give that too")
            return None
        if format != "isic2018":
            raise UserError(f"--format {format}: expected isic2018; without it a table of this program")
        if reading not in (None, *READING_WORDS):
            raise UserError(f"--diagnoses {reading}: expected one of {', '.join(READING_WORDS)}")
        return cls("balanced" if reading == "balanced" else "as-trained")

    @property
    def words(self) -> str:
        """What is said beside the answers."""
        return READING_WORDS[self.reading]

    def check_model(self, model: Model, where: str) -> None:
        """Raise UserError unless the model can answer so."""
        check_classes(model.info.classes, where)
        check_reading(model.info, self.reading, where)


def open_challenge_table(path: Path, reads: Iterable[str | Path], *, overwrite: bool) -> Output:
    """The place of the table; raises UserError where it may not be written."""
    return open_output(
        path, "--output", expected=EXPECTED, is_ours=is_challenge_table, reads=reads, overwrite=overwrite
    )


def write_challenge_table(
    challenge: Challenge, model: Model, scored: Iterable[ScoredImage], output: Output
) -> int:
    """Write the table; returns how many files could not be scored, each of which is a warning.

    Raises:
        UserError: two images of one name, or the table cannot be written: then a file stays as it was.
    """
    errors: list[ScoredImage] = []
    lines = _lines(ChallengeRows(model, challenge.reading), scored, errors)
    if output.is_stream:
        with output.stream() as handle:
            rows = sum(1 for line in lines if handle.write(line.encode())) - 1
    else:
        content = list(lines)
        rows = len(content) - 1
        output.write("".join(content).encode())
    inform(f"{rows:,} images, {challenge.words}")
    if errors:
        unread = "1 file has" if len(errors) == 1 else f"{len(errors):,} files have"
        warn(f"{unread} no row, for want of an answer; the challenge accepts no table with gaps")
    return len(errors)


def _lines(rows: ChallengeRows, scored: Iterable[ScoredImage], errors: list[ScoredImage]) -> Iterator[str]:
    yield HEADER
    for image in scored:
        if image.prediction is None:
            errors.append(image)
            warn(f"{printable(image.name)}: {printable(image.error or '')}")
        else:
            yield rows.line(image)
