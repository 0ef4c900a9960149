"""Take the times of models in turns, so that a machine whose speed drifts is unfair to none."""

import math
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from statistics import median
from typing import Protocol

from dermdistill.progress import bar

_BURST_SECONDS = 0.3
_MOST_CALLS = 100
_LEAST_CALLS_SINGLE = 3


class Contender(Protocol):
    """A model that is ready to score."""

    def time(self, batch: int, calls: int) -> list[float]:
        """Score the same ``batch`` images ``calls`` times; the seconds of each call."""
        ...

    @property
    def peak_mb(self) -> float:
        """Peak memory up to the last call (see ``measurements.Timing``)."""
        ...


Start = Callable[[], AbstractContextManager[Mapping[str, Contender]]]
"""Loads all contenders anew, by name, always the same names; they end with the context."""


@dataclass(frozen=True, slots=True)
class Times:
    """Of one contender and batch size.

    Attributes:
        rounds: seconds of the calls, by round.
        peak_mb: after the warm-up, before any larger batch; the median over the rounds.
    """

    rounds: tuple[tuple[float, ...], ...]
    peak_mb: float


@dataclass(slots=True)
class _Rounds:
    """What is known of one contender and batch size.

    Attributes:
        calls: of a burst, 0 until the first warm-up has set the pace.
        before: calls of a burst that are not counted.
    """

    calls: int = 0
    before: int = 0
    peaks: list[float] = field(default_factory=list)
    rounds: list[tuple[float, ...]] = field(default_factory=list)

    def warm_up(self, contender: Contender, batch: int) -> None:
        """The first call sets things up; in the first round a second one sets the pace."""
        seconds = contender.time(batch, 1 if self.calls else 2)[-1]
        self.peaks.append(contender.peak_mb)
        if not self.calls:
            wanted = math.ceil(_BURST_SECONDS / seconds) if seconds > 0 else _MOST_CALLS
            self.calls = min(max(wanted, _LEAST_CALLS_SINGLE if batch == 1 else 1), _MOST_CALLS)
            self.before = int(seconds < _BURST_SECONDS)

    def burst(self, contender: Contender, batch: int) -> None:
        self.rounds.append(tuple(contender.time(batch, self.before + self.calls)[self.before :]))


def race(start: Start, batches: Sequence[int], *, rounds: int, seed: int) -> dict[tuple[str, int], Times]:
    """Time every contender at every batch size, once a round.

    In each round all are loaded anew and warmed up: where a process happens to lie in memory moves its speed
    by some per cent, and so becomes part of the spread instead of a bias that no number of rounds would
    show. Then, for each batch size, every contender has one burst of calls, about 0.3 s long (at least one
    call; three of single images; at most 100), in an order that is drawn anew each time. Short calls have one
    uncounted call before them, since the contender before left the caches cold.

    Args:
        start: loads the contenders, all of which must find room at once.
        batches: images a call.
        rounds: at least 1.
        seed: of the orders.

    Returns:
        By name and batch size.
    """
    ascending = sorted(set(batches))
    records: defaultdict[tuple[str, int], _Rounds] = defaultdict(_Rounds)
    shuffle = random.Random(seed)
    for done in range(rounds):
        with (
            start() as contenders,
            bar(
                label=f"round {done + 1} of {rounds}",
                unit="burst",
                total=2 * len(contenders) * len(ascending),
            ) as shown,
        ):
            for name, contender in contenders.items():
                for batch in ascending:
                    records[name, batch].warm_up(contender, batch)
                    shown.update()
            for batch in ascending:
                for name in shuffle.sample(sorted(contenders), len(contenders)):
                    records[name, batch].burst(contenders[name], batch)
                    shown.update()
    return {key: Times(tuple(record.rounds), median(record.peaks)) for key, record in records.items()}
