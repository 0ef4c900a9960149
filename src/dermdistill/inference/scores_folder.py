"""A folder of Parquet files with the scores of any number of photographs, local or in an object store.

FOLDER/
  _scores.json                         the model, its operating point, and how many photographs a part has
  scores-000000-<digest>.parquet       the rows of the first photographs, and so on

The photographs are divided in the order in which they are listed. A part is written whole or not at all,
under a name that follows from its photographs alone, so that a part that is scored twice is there once.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dermdistill import storage
from dermdistill.digits import six_digits
from dermdistill.errors import UserError, printable
from dermdistill.inference.model import Model
from dermdistill.inference.parquet import to_bytes
from dermdistill.inference.prediction import known
from dermdistill.inference.remote import is_shard
from dermdistill.inference.scores_table import Counts
from dermdistill.inference.stream import score_files

PART = 1000
"""Photographs in a part: minutes of work at most, and a hundred thousand files for the largest archives."""
_ABOUT = "_scores.json"
_NAME = re.compile(r"scores-([0-9]{6,})-([0-9a-f]{16})\.parquet")


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive photographs, or one shard of them.

    Attributes:
        number: from 0.
        paths: of the photographs or the shard.
    """

    number: int
    paths: tuple[str, ...]

    @property
    def name(self) -> str:
        """Of its file."""
        content = "\n".join(self.paths).encode("utf-8", "surrogateescape")
        return f"scores-{self.number:06d}-{hashlib.blake2b(content, digest_size=8).hexdigest()}.parquet"


def parts_of(paths: Iterable[str], size: int = PART) -> Iterator[Part]:
    """Divide photographs; a shard is a part of its own."""
    number = 0
    waiting: list[str] = []
    for path in paths:
        if waiting and (len(waiting) == size or is_shard(path)):
            yield Part(number, tuple(waiting))
            number, waiting = number + 1, []
        waiting.append(path)
        if is_shard(path):
            yield Part(number, tuple(waiting))
            number, waiting = number + 1, []
    if waiting:
        yield Part(number, tuple(waiting))


@dataclass(frozen=True, slots=True)
class ScoresFolder:
    """The folder at a URL or path, and the model whose scores are in it."""

    url: str
    model: Model
    size: int = PART

    def open(self, *, overwrite: bool) -> dict[int, str]:
        """Make the folder ours, or find what is finished in it: the names of parts by their numbers.

        Raises:
            UserError: it holds something else, or scores of another model or operating point.
        """
        name, found = printable(self.url), storage.names(self.url)
        about = json.dumps(self._about(), indent=2) + "\n"
        url = storage.join(self.url, _ABOUT)
        if found and _ABOUT not in found:
            raise UserError(f"{name}: holds other files and no scores; choose an empty or new folder")
        if found and storage.read(url) != about.encode() and not overwrite:
            raise UserError(
                f"{name}: holds scores of another model, operating point or prevalence; choose another "
                "--output, or start again with --overwrite"
            )
        parts = {int(match[1]): match[0] for match in map(_NAME.fullmatch, found) if match}
        if overwrite:
            for part in parts.values():
                storage.remove(storage.join(self.url, part))
            parts = {}
        storage.write(url, about.encode())
        return parts

    def remaining(self, paths: Iterable[str], finished: dict[int, str]) -> Iterator[Part]:
        """The parts that are not finished.

        Raises:
            UserError: a finished part is of other photographs, so that these are others than before.
        """
        last = -1
        for part in parts_of(paths, self.size):
            last = part.number
            there = finished.get(part.number)
            if there is None:
                yield part
            elif there != part.name:
                raise self._others(part.number)
        if finished and max(finished) > last:
            raise self._others(last + 1)

    def score(self, part: Part, *, workers: int) -> Counts:
        """Score a part and write its file.

        Raises:
            UserError: the file cannot be written, or the storage gave none of the photographs.
        """
        rows = list(score_files(self.model, part.paths, workers=workers))
        if rows and all(row.unreachable for row in rows):
            raise UserError(f"{rows[0].error}; the same command continues from here")
        counts = Counts()
        for row in rows:
            counts.add("" if row.prediction is None else row.prediction.decision)
        storage.write(storage.join(self.url, part.name), to_bytes(rows, self.model))
        return counts

    def _about(self) -> dict[str, object]:
        point = self.model.operating_point
        refer = {} if point.refer_below is None else {"refer_below": six_digits(point.refer_below)}
        return {
            "model": self.model.model_id,
            "operating_point": point.name,
            "threshold": six_digits(point.threshold),
            **refer,
            "prevalence": known(self.model.prevalence),
            "photographs_in_a_part": self.size,
        }

    def _others(self, number: int) -> UserError:
        return UserError(
            f"{printable(self.url)}: part {number} there is of other photographs: they have changed since; "
            "choose another --output, or start again with --overwrite"
        )
