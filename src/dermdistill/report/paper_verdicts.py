"""Answers to the paper's questions, of a comparison of networks; every word follows from the judgement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dermdistill.benchmark.measurements import Benchmark
from dermdistill.evaluation.permutation import SHUFFLES, SettingTest
from dermdistill.judgement.claims import SEEDS_FOR_A_CLAIM
from dermdistill.judgement.judgement import Better, Claim, ClaimedComparison, ClaimedDifference, Race, Sweep
from dermdistill.judgement.names import AS_PUBLISHED, DISTILLED, network_name, objective_name
from dermdistill.judgement.networks import BASELINE
from dermdistill.report import numbers, paper
from dermdistill.report.paper import BATCH_SIZE, TEMPERATURE, SweptSetting
from dermdistill.report.read import ReportedRun
from dermdistill.report.table import CLASS_COLUMNS, CLASS_SPANS, NOT_CHOSEN, Table, TableCell, TableRow, text
from dermdistill.report.verdicts import WHY_NOT, against_control, difference_sentence

_PAIRED_METHOD = (
    "Differences are paired: the same test images and, where both have as many, the same seeds; 95 % "
    "interval by bootstrap over lesions. A difference is claimed where its interval excludes 0, no pair of "
    f"seeds points the other way, and both sides have {SEEDS_FOR_A_CLAIM} seeds."
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One question and what this run says to it.

    Attributes:
        answer: in a sentence or two, with the figures that decide.
        points: further figures, a line each.
        method: how it was judged and what that cannot tell.
        table: the figures where there are too many for words.
    """

    question: str
    answer: str
    points: tuple[str, ...] = ()
    method: str = ""
    table: Table | None = None


def verdicts(run: ReportedRun) -> tuple[Verdict, ...]:
    """An answer to each of the paper's questions."""
    return (
        better_verdict(run),
        faster_verdict(run, run.files.benchmark),
        gain_verdict(run, DISTILLED, "What does distillation give over the labels alone?"),
        gain_verdict(run, AS_PUBLISHED, "Does the published arithmetic differ from the labels alone?"),
        *(setting_verdict(run, setting) for setting in (TEMPERATURE, BATCH_SIZE)),
    )


def better_verdict(run: ReportedRun) -> Verdict:
    """The student against EfficientNet-B0, with every objective that both have."""
    student, baseline, better = run.networks.student_name, network_name(BASELINE), run.networks.better
    question = (
        f"Is {student} better than {baseline} in precision, recall and F1 of both classes, as the paper says?"
    )
    unanswered = {
        "no student": f"Cannot be answered: {student} has no finished model in this run.",
        "no baseline": f"Cannot be answered: {baseline} has no finished model in this run.",
        "no shared objective": "Cannot be answered: the two have no finished models of one objective.",
    }
    if better.answer in unanswered:
        return Verdict(question, unanswered[better.answer])
    aucs = [
        f"AUC, both {objective_name(each.objective)}: "
        + difference_sentence(each.auc, run.judgement.groups, student, baseline)
        for each in better.by_objective
    ]
    method = (
        f"{_PAIRED_METHOD} With fewer seeds, a difference is of these very models. Six figures are looked at "
        "together without a correction, and those of one threshold are not independent."
    )
    table = _better_table(better, f"{student} minus {baseline} on the same test images")
    return Verdict(question, _better_answer(better, student), tuple(aucs), method, table)


def _better_answer(better: Better, student: str) -> str:
    """The paper calls the most probable class, so argmax decides."""
    lead = {"yes": "Yes", "no": "No", "not shown": "Not shown"}[better.answer]
    found = next(each for each in better.by_objective if each.objective == better.decided_by)
    at_youden = _tally(found.youden) if found.youden else "no threshold could be chosen"
    return (
        f"{lead}. Of the six figures of {student}, both networks {objective_name(found.objective)}: at "
        f"argmax, as in the paper, {_tally(found.argmax)}. At the Youden threshold: {at_youden}."
    )


def _tally(differences: Sequence[ClaimedDifference]) -> str:
    """How many of the figures are higher, lower, or neither."""
    claims = [each.claim for each in differences]
    of_few = [each.delta.value or 0 for each in differences if each.claim == "few seeds"]
    counted = {
        "higher": claims.count("a is higher"),
        "lower": claims.count("b is higher"),
        "higher, but with too few seeds to claim it": sum(value > 0 for value in of_few),
        "lower, but with too few seeds to claim it": sum(value < 0 for value in of_few),
    }
    counted["without a measurable difference"] = len(claims) - sum(counted.values())
    return "; ".join(f"{number} {words}" for words, number in counted.items() if number)


def _better_table(better: Better, caption: str) -> Table:
    rows = []
    for each in better.by_objective:
        for point, found in (("argmax", each.argmax), ("Youden threshold", each.youden)):
            cells = tuple(map(_difference_cell, found)) or (NOT_CHOSEN,) * 6
            rows.append(TableRow(text(f"{objective_name(each.objective)}, {point}"), cells))
    return Table("better", caption, ("both networks", *CLASS_COLUMNS), tuple(rows), CLASS_SPANS)


def _difference_cell(difference: ClaimedDifference) -> TableCell:
    delta = difference.delta
    if delta.value is None:
        return TableCell(numbers.UNDEFINED, reason=delta.reason)
    words = {"a is higher": "higher", "b is higher": "lower", "includes zero": "includes 0"}
    interval = numbers.interval(delta, with_sign=True)
    claim = (
        "no interval" if difference.claim == "undefined" else words.get(difference.claim, difference.claim)
    )
    below = tuple(filter(None, (interval, claim)))
    return TableCell(numbers.signed(delta.value), below=below, reason=delta.reason)


def gain_verdict(run: ReportedRun, objective: str, question: str) -> Verdict:
    """One objective against labels only, network by network."""
    groups, networks = run.judgement.groups, run.networks
    by_group = {each.a: each for each in against_control(run, objective)}
    found = {
        network.name: by_group[name]
        for network in networks.networks
        if (name := network.groups.get(objective)) in by_group
    }
    if not found:
        return Verdict(
            question,
            f"Cannot be answered: no network has finished models “{objective_name(objective)}” and “labels "
            "only”.",
        )
    lines = {
        name: difference_sentence(each, groups, f"{name} {objective_name(objective)}", "labels only")
        for name, each in found.items()
    }
    student = networks.student_name
    others = {name: each.claim for name, each in found.items() if name != student}
    answer = lines.get(student, f"Nothing can be said of {student}.")
    method = (
        f"{_PAIRED_METHOD} The interval speaks of these test images, not of other trainings. Of many "
        "networks without any difference, one in twenty has such an interval by chance."
    )
    points = tuple(f"{line} {_seeds(found[name])}" for name, line in lines.items())
    return Verdict(question, " ".join(filter(None, (answer, _others(others)))), points, method)


def _others(claims: Mapping[str, Claim]) -> str:
    """How many of the other networks gain, lose, or show nothing."""
    if not claims:
        return ""
    parts = [
        f"{len(names)} {words} ({numbers.listed(names)})"
        for words, wanted in (("higher", "a is higher"), ("lower", "b is higher"))
        if (names := [name for name, claim in claims.items() if claim == wanted])
    ]
    unclaimed = [claim for claim in claims.values() if claim not in ("a is higher", "b is higher")]
    if unclaimed:
        few = unclaimed.count("few seeds")
        too_few = f", {few} of them for too few seeds" if few else ""
        parts.append(f"{len(unclaimed)} without a claim{too_few}")
    return f"{numbers.several(len(claims), 'other network').capitalize()}: {'; '.join(parts)}."


def _seeds(comparison: ClaimedComparison) -> str:
    a, b = comparison.seeds
    return f"({numbers.several(a, 'seed')} each)" if a == b else f"({a} and {numbers.several(b, 'seed')})"


# Speed


def faster_verdict(run: ReportedRun, benchmark: Benchmark | None) -> Verdict:
    """The student against EfficientNet-B0, one image at a time, at the run's input size and the paper's."""
    student, baseline, faster = run.networks.student_name, network_name(BASELINE), run.networks.faster
    question = f"Is {student} faster than {baseline}, and by what ratio?"
    if benchmark is None:
        return Verdict(question, "Cannot be answered: no speed was measured (there is no benchmark.json).")
    taken = [race for race in faster.races if race.ratio is not None]
    lead = {
        "yes": "Yes, in every measurement",
        "no": "No, it is slower in every measurement",
        "mixed": "It depends on the input size and the runtime",
        "no spread": "Cannot be answered: too few rounds for a spread",
        "cannot be told": "No measurable difference",
    }
    if faster.answer not in lead:
        missing = f"Cannot be answered: {student} and {baseline} were not both measured at one input size."
        return Verdict(question, missing)
    ratios = numbers.listed([f"{_ratio_of(race)} ({_where(race)})" for race in taken])
    answer = f"{lead[faster.answer]}. Time of one image as a multiple of that of {baseline}: {ratios}."
    points = [_race_line(race, student) for race in faster.races]
    points += [
        _cost_line(benchmark, run.networks.student, size, student, baseline)
        for size in dict.fromkeys(race.input_size for race in taken)
    ]
    method = (
        "Time of one image as a multiple of the other network's: median over the rounds, in brackets what "
        "single rounds gave (5 to 95 %). A difference is claimed where that spread excludes 1 and all that a "
        "model measured against itself gave. It holds for this processor, these runtimes and this number of "
        "threads."
    )
    return Verdict(question, answer, tuple(filter(None, (*points, _papers_times(student, baseline)))), method)


def _where(race: Race) -> str:
    return f"{race.input_size} px, {race.runtime}"


def _ratio_of(race: Race) -> str:
    return "" if race.ratio is None else numbers.with_spread(race.ratio)


def _race_line(race: Race, student: str) -> str:
    if race.found is None:
        return f"{_where(race)}: the two were not both measured."
    words = f"{student} is {race.found}" if race.found in ("faster", "slower") else race.found
    itself = race.control
    of_itself = "" if itself is None else f"; a model against itself {numbers.with_spread(itself)}"
    return f"{_where(race)}: {_ratio_of(race)}: {words}{of_itself}."


def _cost_line(benchmark: Benchmark, architecture: str, size: int, student: str, baseline: str) -> str:
    """What the two have to compute, which explains most of a ratio."""
    mine, theirs = (
        next(m for m in benchmark.measured if (m.architecture, m.input_size) == (name, size))
        for name in (architecture, BASELINE)
    )
    return (
        f"At {size} px {student} has {numbers.count(mine.parameters)} parameters and "
        f"{numbers.macs(mine.macs)} multiply-accumulates per image, {baseline} "
        f"{numbers.count(theirs.parameters)} and {numbers.macs(theirs.macs)}."
    )


def _papers_times(student: str, baseline: str) -> str:
    seconds = {row.architecture: row.prediction_seconds for row in paper.TABLE_2}
    if student not in seconds:
        return ""
    return (
        f"The paper's own times for 3,000 images on its GPU are {seconds[student]} and "
        f"{seconds[baseline]} s: {numbers.three_digits(seconds[student] / seconds[baseline])} times as long."
    )


# Settings


def setting_verdict(run: ReportedRun, setting: SweptSetting) -> Verdict:
    """Does a setting of the distilled student matter, by a permutation test over the seeds of its sweep?"""
    sweep = setting.sweep(run.networks)
    question = f"Does the {setting.name} matter beyond the differences between seeds?"
    if sweep.test is None:
        student = run.networks.student_name
        alone = f"Cannot be answered: this run trained {student} with one {setting.name} only."
        return Verdict(question, alone)
    points = (_spread(sweep.test, setting), _best(run, sweep, setting), _papers_range(setting))
    method = (
        "Permutation test: within each seed, which fixes first weights and order of the images, the AUCs of "
        f"the {setting.plural} are shuffled {numbers.count(SHUFFLES)} times; p is the share of shuffles that "
        "spread the means over the seeds at least as far. It speaks of these test images and this range of "
        f"{setting.plural}. With few seeds only a large effect can show."
    )
    return Verdict(question, _setting_answer(sweep, sweep.test, setting), tuple(filter(None, points)), method)


def _setting_answer(sweep: Sweep, test: SettingTest, setting: SweptSetting) -> str:
    if test.p_value is None or test.least_p is None:
        return f"Cannot be answered: {test.reason}."
    written = numbers.p_value(test.p_value)
    p = f"permutation test p {written if written.startswith('<') else f'= {written}'}"
    p += f", {test.settings} {setting.plural} with {numbers.several(test.seeds, 'seed')} each"
    if sweep.answer == "few seeds":
        return f"Cannot be answered: fewer than {SEEDS_FOR_A_CLAIM} seeds ({p})."
    if sweep.answer == "few values":
        return (
            f"Cannot be answered: so few {setting.plural} and seeds give no p below {test.least_p:.2g} ({p})."
        )
    if sweep.answer == "matters":
        return f"Yes: the AUC changes with the {setting.name} by more than the seeds explain ({p})."
    return f"Not shown: the seeds alone may explain how far the AUC changes ({p})."


def _spread(test: SettingTest, setting: SweptSetting) -> str:
    if test.between is None or test.by_chance is None:
        return ""
    return (
        f"Standard deviation of the mean AUC over the {setting.plural}: {test.between:.4f}; the seeds alone "
        f"would make it about {test.by_chance:.4f}."
    )


def _best(run: ReportedRun, sweep: Sweep, setting: SweptSetting) -> str:
    """The best value; it was picked by the images that it is judged on."""
    best = next((point for point in sweep.points if point.value == sweep.best), None)
    if best is None:
        return ""
    aucs = {point.value: run.judgement.groups[point.group].mean.auc.value for point in sweep.points}
    named = f"Highest mean AUC on the test images: {setting.named(best.value)}"
    if best.value == sweep.base:
        return f"{named}, the recipe's own, {numbers.fraction(aucs[best.value])}."
    if best.minus_base is None:
        return f"{named}, {numbers.fraction(aucs[best.value])}."
    words = WHY_NOT.get(best.minus_base.claim, "its interval excludes 0")
    delta = numbers.with_interval(best.minus_base.delta_auc, with_sign=True)
    return (
        f"{named}, {numbers.fraction(aucs[best.value])}. Minus that of the recipe's own, "
        f"{setting.named(sweep.base)}: {delta}; {words}. "
        f"It was picked as the highest of {sum(auc is not None for auc in aucs.values())} on these very "
        "images, which favours it: the true difference is likely smaller."
    )


def _papers_range(setting: SweptSetting) -> str:
    accuracies = setting.accuracies.values()
    return (
        f"The paper's accuracies, single runs on its own test set, range from {min(accuracies):.3f} to "
        f"{max(accuracies):.3f} over {len(accuracies)} {setting.plural}; without several seeds, "
        "the noise is unknown."
    )
