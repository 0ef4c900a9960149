"""Is the student faster than EfficientNet-B0, and by what ratio?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dermdistill.benchmark.measurements import Benchmark, Ratio, Runtime
from dermdistill.report import numbers, published
from dermdistill.report.comparison import speed
from dermdistill.report.comparison.arrangement import Arrangement
from dermdistill.report.comparison.verdict import BASELINE, Verdict
from dermdistill.report.groups import network_name

PAPER_SIZE = 224
_METHOD = (
    "Time of one image as a multiple of the other network's: median over the rounds, in brackets what single "
    "rounds gave (5 to 95 %). A difference is told where that spread lies wholly on one side of 1 and of "
    "what a model measured against itself gave. It holds for this processor, these runtimes and this number "
    "of threads."
)

Found = Literal["faster", "slower", "not told apart", "without a spread"]


Where = tuple[int, Runtime]
"""Input size and runtime."""


@dataclass(frozen=True, slots=True)
class _Race:
    """The student's time as a multiple of the baseline's, and that of a model against itself."""

    ratio: Ratio
    control: Ratio | None

    @property
    def found(self) -> Found:
        if self.ratio.low is None or self.ratio.high is None:
            return "without a spread"
        of_itself = (self.control.low, self.control.high) if self.control is not None else ()
        noise = [1.0, *(bound for bound in of_itself if bound is not None)]
        if self.ratio.high < min(noise):
            return "faster"
        return "slower" if self.ratio.low > max(noise) else "not told apart"


def faster_verdict(arrangement: Arrangement, benchmark: Benchmark | None, size: int) -> Verdict:
    """The student against EfficientNet-B0, an image at a time, at the run's input size and at the paper's."""
    student, baseline = arrangement.student_name, network_name(BASELINE)
    question = f"Is {student} faster than {baseline}, and by what ratio?"
    if benchmark is None:
        return Verdict(question, "Cannot be answered: no speed was measured (there is no benchmark.json).")
    where = [(each, runtime) for each in dict.fromkeys((size, PAPER_SIZE)) for runtime in speed.RUNTIMES]
    races = {at: _race(arrangement.student_architecture, benchmark, *at) for at in where}
    points = [_line(*at, race, student, baseline) for at, race in races.items()]
    points += [
        _cost(arrangement.student_architecture, benchmark, each, student, baseline)
        for each in dict.fromkeys(at[0] for at, race in races.items() if race is not None)
    ]
    points.append(_paper(student, baseline))
    return Verdict(question, _answer(races, student, baseline), tuple(filter(None, points)), _METHOD)


def _race(architecture: str, benchmark: Benchmark, size: int, runtime: Runtime) -> _Race | None:
    mine, theirs = (speed.measured(benchmark, name, size, runtime) for name in (architecture, BASELINE))
    ratio = speed.ratio(mine, theirs, 1)
    return None if ratio is None else _Race(ratio, speed.control(benchmark, runtime, 1))


def _answer(races: Mapping[Where, _Race | None], student: str, baseline: str) -> str:
    taken = {at: race for at, race in races.items() if race is not None}
    if not taken:
        return f"Cannot be answered: {student} and {baseline} were not both measured at one input size."
    found = {race.found for race in taken.values()}
    if found == {"faster"}:
        lead = "Yes, wherever it was measured"
    elif found == {"slower"}:
        lead = "No, it is slower wherever it was measured"
    elif found & {"faster", "slower"}:
        lead = "It depends on the input size and the runtime"
    elif found == {"without a spread"}:
        lead = "Cannot be told: too few rounds for a spread"
    else:
        lead = "Cannot be told"
    ratios = numbers.listed(
        [
            f"{numbers.with_spread(race.ratio)} ({size} px, {runtime})"
            for (size, runtime), race in taken.items()
        ]
    )
    return f"{lead}. Time of one image as a multiple of that of {baseline}: {ratios}."


def _line(size: int, runtime: Runtime, race: _Race | None, student: str, baseline: str) -> str:
    where = f"{size} px, {runtime}"
    if race is None:
        return f"{where}: the two were not both measured."
    words = f"{student} is {race.found}" if race.found in ("faster", "slower") else race.found
    itself = race.control
    of_itself = "" if itself is None else f"; a model against itself {numbers.with_spread(itself)}"
    return f"{where}: {numbers.with_spread(race.ratio)}: {words}{of_itself}."


def _cost(architecture: str, benchmark: Benchmark, size: int, student: str, baseline: str) -> str:
    """What the two have to compute, which explains most of a ratio."""
    mine, theirs = (
        next(m for m in benchmark.measured if (m.architecture, m.input_size) == (name, size))
        for name in (architecture, BASELINE)
    )
    return (
        f"At {size} px {student} has {numbers.count(mine.parameters)} parameters and "
        f"{numbers.macs(mine.macs)} multiply-accumulates an image, {baseline} "
        f"{numbers.count(theirs.parameters)} and {numbers.macs(theirs.macs)}."
    )


def _paper(student: str, baseline: str) -> str:
    seconds = {row.architecture: row.prediction_seconds for row in published.TABLE_2}
    if student not in seconds:
        return ""
    return (
        f"The paper's own times for 3,000 images on its GPU are {seconds[student]} and "
        f"{seconds[baseline]} s: {numbers.three_digits(seconds[student] / seconds[baseline])} times as long."
    )
