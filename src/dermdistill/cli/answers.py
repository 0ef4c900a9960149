"""The answers of ``predict`` as text, for a person to read."""

import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from dermdistill.errors import printable
from dermdistill.inference.detector import NOT_DERMOSCOPIC
from dermdistill.inference.lesions import ScoredLesion
from dermdistill.inference.stream import ScoredImage
from dermdistill.inference.wording import ANSWERS, WITHHELD
from dermdistill.messages import inform, warn

_COLUMNS = "P(melanoma)  answer        "
_INDENT = " " * len(_COLUMNS)
_ERROR = "error"
_LEAST_ROOM = 20


@dataclass(slots=True)
class Answers:
    """Writes a line per image or lesion, and counts them.

    A terminal shows warnings below what they are about, wrapped; a file has one line for each, however long.

    Attributes:
        width: of the terminal; None where lines are not wrapped.
        what: the title of the last column.
        one, many: what is counted.
    """

    width: int | None
    what: str
    one: str
    many: str
    _counts: Counter[str] = field(default_factory=Counter)
    _warned: int = 0

    @classmethod
    def to_stdout(cls, what: str, *, one: str | None = None, many: str) -> "Answers":
        """For what standard output is."""
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        return cls(width, what, one or what, many)

    @property
    def header(self) -> str:
        """The titles of the columns."""
        return f"{_COLUMNS}{self.what}"

    def of_image(self, row: ScoredImage) -> str:
        """What is said of an image: P in percent, the answer, the path, and why to distrust it."""
        if row.prediction is None:
            return self._failed(row.error or "")
        prediction = row.prediction
        return self._answered(prediction.probability, prediction.decision, row.name, prediction.warnings)

    def of_lesion(self, lesion: ScoredLesion) -> str:
        """The same of a lesion, with the number of its photographs."""
        errors = [f"cannot be read: {error}" for error in lesion.errors]
        if not lesion.predictions:
            return self._failed(f"{lesion.name}: no photograph {'; '.join(errors)}")
        images = len(lesion.predictions)
        name = f"{lesion.name}  ({images} photograph{'' if images == 1 else 's'})"
        return self._answered(lesion.probability, lesion.decision, name, (*lesion.warnings, *errors))

    def close(self, before: str = "") -> None:
        """Say how many there were of each answer; a warning where some could not be read."""
        total = self._counts.total()
        parts = [
            f"{count:,} {answer}"
            for answer in (*ANSWERS.values(), WITHHELD)
            if (count := self._counts[answer])
        ]
        if self._counts[_ERROR]:
            parts.append(f"{self._counts[_ERROR]:,} could not be read")
        counted = f"{total:,} {self.one if total == 1 else self.many}"
        text = f"{counted}: {', '.join(parts)}" if parts else counted
        if self._warned:
            text += f"; ?: {self._warned:,} with a warning"
        (warn if self._counts[_ERROR] else inform)(before + text)

    def _failed(self, error: str) -> str:
        self._counts[_ERROR] += 1
        return self._joined(f"{'-':>11}  {_ERROR:<12}", [printable(error)])

    def _answered(self, probability: float, decision: str, name: str, warnings: Sequence[str]) -> str:
        # Of a lesion the warning says of how many photographs.
        withheld = any(warning.endswith(NOT_DERMOSCOPIC) for warning in warnings)
        answer = WITHHELD if withheld else ANSWERS[decision]
        self._counts[answer] += 1
        self._warned += bool(warnings) and not withheld
        mark = "?" if warnings and not withheld else ""
        start = f"{f'{100 * probability:.1f} %':>11}  {answer + mark:<12}"
        remarks = [f"({'; '.join(map(printable, warnings))})"] if warnings else []
        return self._joined(start, [printable(name), *remarks])

    def _joined(self, start: str, texts: list[str]) -> str:
        whole = "  ".join([start, *texts])
        if self.width is None or len(whole) <= self.width:
            return whole
        room = max(self.width - len(_INDENT), _LEAST_ROOM)
        wrapped = [textwrap.wrap(text, room, break_on_hyphens=False) or [""] for text in texts]
        return f"{start}  " + f"\n{_INDENT}".join(line for lines in wrapped for line in lines)
