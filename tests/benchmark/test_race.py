"""The statistics, on a simulated machine whose speed is known at every moment: no real time is taken."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from dermdistill.benchmark.measurements import Control, Ratio
from dermdistill.benchmark.race import Contender, Start, race
from dermdistill.benchmark.ratios import medians, percentiles, time_ratio


@dataclass
class Machine:
    """Its clock, and how many times slower than at its best it is at a time.

    Attributes:
        calls: who scored what, in order: (name, batch).
    """

    slowness: Callable[[float], float] = lambda _: 1.0
    jitter: float = 0.02
    outliers: float = 0.0
    now: float = 0.0
    calls: list[tuple[str, int]] = field(default_factory=list)
    rng: random.Random = field(default_factory=lambda: random.Random(7))

    def take(self, seconds: float) -> float:
        seconds *= self.slowness(self.now) * self.rng.uniform(1 - self.jitter, 1 + self.jitter)
        if self.rng.random() < self.outliers:
            seconds *= 30
        self.now += seconds
        return seconds


@dataclass
class Simulated:
    """A model that takes so many seconds an image on this machine."""

    name: str
    machine: Machine
    seconds: float
    peak_mb: float = 0.0

    def time(self, batch: int, calls: int) -> list[float]:
        self.machine.calls.append((self.name, batch))
        self.peak_mb = 100.0 + batch
        return [self.machine.take(self.seconds * batch) for _ in range(calls)]


def loaded(machine: Machine, seconds: Mapping[str, float], luck: float = 0.0) -> Start:
    """Contenders by name; each load makes each faster or slower by up to ``luck``."""

    @contextmanager
    def start() -> Iterator[Mapping[str, Contender]]:
        yield {
            name: Simulated(name, machine, an_image * machine.rng.uniform(1 - luck, 1 + luck))
            for name, an_image in seconds.items()
        }

    return start


def compared(start: Start, *, rounds: int = 12, batch: int = 1) -> Ratio:
    times = race(start, [batch], rounds=rounds, seed=0)
    return time_ratio(times["b", batch].rounds, times["a", batch].rounds, "a")


def covers(found: Ratio, value: float) -> bool:
    assert found.low is not None
    assert found.high is not None
    return found.low <= value <= found.high


def in_sequence(machine: Machine, seconds: Mapping[str, float], calls: int) -> float:
    """What measuring one model after the other would say."""
    spent = {
        name: sum(Simulated(name, machine, an_image).time(1, calls)) for name, an_image in seconds.items()
    }
    return spent["b"] / spent["a"]


def drifting(now: float) -> float:
    """Three times slower after a minute, as a machine that gets hot."""
    return 1 + 2 * min(now / 60, 1)


def busy_for_a_while(now: float) -> float:
    """Four times slower from second 10 to 25: another program ran."""
    return 4.0 if 10 < now < 25 else 1.0


TWICE = {"a": 0.05, "b": 0.1}


@pytest.mark.parametrize("slowness", [drifting, busy_for_a_while])
def test_turns_are_right_where_a_sequence_is_wrong(slowness: Callable[[float], float]) -> None:
    found = compared(loaded(Machine(slowness), TWICE))
    assert found.value == pytest.approx(2, rel=0.08)
    assert covers(found, 2)
    assert abs(in_sequence(Machine(slowness), TWICE, 200) - 2) > 0.5


def test_single_slow_calls_do_not_matter() -> None:
    found = compared(loaded(Machine(outliers=0.1), TWICE))
    assert found.value == pytest.approx(2, rel=0.03)


@pytest.mark.parametrize("slowness", [lambda _: 1.0, drifting, busy_for_a_while])
@pytest.mark.parametrize("batch", [1, 8])
def test_identical_models_are_1_within_the_spread(slowness: Callable[[float], float], batch: int) -> None:
    found = compared(loaded(Machine(slowness, outliers=0.05), {"a": 0.05, "b": 0.05}), batch=batch)
    assert covers(found, 1)


def test_the_luck_of_a_process_is_in_the_spread() -> None:
    """A process that is slow by accident, in one load for all rounds, would look like a slower model."""
    same = {"a": 0.05, "b": 0.05}
    found = compared(loaded(Machine(jitter=0.001), same, luck=0.1))
    assert covers(found, 1)

    machine = Machine(jitter=0.001)
    with loaded(machine, same, luck=0.1)() as kept:

        @contextmanager
        def once() -> Iterator[Mapping[str, Contender]]:
            yield kept

        found = compared(once)
    assert not covers(found, 1)


def test_all_have_their_turn_each_round_in_changing_orders() -> None:
    machine = Machine()
    names = dict.fromkeys("abcd", 1.0)
    times = race(loaded(machine, names), [8, 1, 8], rounds=6, seed=3)
    assert set(times) == {(name, batch) for name in names for batch in (1, 8)}
    assert all(len(each.rounds) == 6 for each in times.values())
    # A round: every contender warms up from small to large; then one burst each, small batches first.
    size = len(machine.calls) // 6
    warm_ups = [(name, batch) for name in names for batch in (1, 8)]
    orders = []
    for i in range(6):
        calls = machine.calls[i * size : (i + 1) * size]
        assert calls[:8] == warm_ups
        for batch, burst in ((1, calls[8:12]), (8, calls[12:])):
            assert sorted(burst) == [(name, batch) for name in names]
            orders.append("".join(name for name, _ in burst))
    assert len(set(orders)) > 6
    again = Machine()
    race(loaded(again, names), [1, 8], rounds=6, seed=3)
    assert again.calls == machine.calls


@pytest.mark.parametrize(
    ("seconds", "batch", "calls"), [(0.0001, 1, 100), (0.1, 1, 3), (5.0, 1, 3), (0.1, 2, 2), (5.0, 2, 1)]
)
def test_bursts_are_long_enough_and_not_longer(seconds: float, batch: int, calls: int) -> None:
    times = race(loaded(Machine(jitter=0), {"a": seconds}), [batch], rounds=2, seed=0)
    assert [len(of_round) for of_round in times["a", batch].rounds] == [calls, calls]


def test_peak_of_small_batches_is_taken_before_larger_ones() -> None:
    times = race(loaded(Machine(), {"a": 0.1}), [32, 1], rounds=2, seed=0)
    assert (times["a", 1].peak_mb, times["a", 32].peak_mb) == (101, 132)


def test_ratio_by_hand() -> None:
    mine = [[2, 2, 50], [3], [8, 10], [4], [5]]
    theirs = [[1], [3, 3, 3], [3], [1], [1]]
    found = time_ratio(mine, theirs, "ref")
    assert medians(mine) == [2, 3, 9, 4, 5]
    # By round 2, 1, 3, 4, 5; the quantiles lie a fifth of the way from the extremes to the next.
    assert (found.to, found.value) == ("ref", 3)
    assert (found.low, found.high) == pytest.approx((1.2, 4.8))


def test_few_rounds_have_no_spread() -> None:
    found = time_ratio([[2]] * 4, [[1]] * 4, "ref")
    assert (found.value, found.low, found.high) == (2, None, None)
    assert Control(runtime="PyTorch", batch=1, ratio=found).holds is None


def test_ratio_to_itself_is_1_without_spread() -> None:
    found = time_ratio([[1, 2], [5]] * 3, [[1, 2], [5]] * 3, "itself")
    assert (found.value, found.low, found.high) == (1, 1, 1)


def test_percentiles_are_of_all_calls() -> None:
    assert percentiles([[0, 1, 2], [3, 4]]) == pytest.approx((2, 3.8))


def test_another_number_of_rounds_is_an_error() -> None:
    with pytest.raises(ValueError, match="argument 2 is longer"):
        time_ratio([[1]], [[1], [1]], "a")
