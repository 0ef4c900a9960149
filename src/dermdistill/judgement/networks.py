"""What a recipe with a section ``compare`` asks: networks by objective, sweeps, and the paper's claims."""

from collections.abc import Mapping, Sequence
from typing import Literal

from dermdistill.benchmark.measurements import Benchmark
from dermdistill.config import Recipe, StudentRecipe
from dermdistill.judgement.group_comparisons import GroupComparisons
from dermdistill.judgement.judgement import (
    Better,
    BetterByObjective,
    ClaimedDifference,
    Group,
    Network,
    NetworkComparison,
)
from dermdistill.judgement.names import DISTILLED, network_name, objectives_in_order
from dermdistill.judgement.speed import command_times, judge_speed, multiples
from dermdistill.judgement.sweeps import judge_sweep
from dermdistill.runs import ModelSummary

BASELINE = "efficientnet_b0"
"""The network that the paper says its student beats."""
PAPERS_STUDENT = "dsnet"


def judge_networks(pairs: GroupComparisons, recipe: Recipe, benchmark: Benchmark | None) -> NetworkComparison:
    """The facts of a run whose recipe has a section ``compare``."""
    assert recipe.compare is not None
    student, groups = recipe.student, pairs.groups
    objectives = objectives_in_order(student.objectives)
    networks = _networks(groups, recipe)
    distilled = [
        (summary, group)
        for group in groups.values()
        if group.learned_by(DISTILLED) and (summary := _summary(group)).architecture == student.model
    ]
    return NetworkComparison(
        teacher="teacher" if "teacher" in groups else None,
        student=student.model,
        student_name=network_name(student.model),
        objectives=objectives,
        networks=networks,
        temperature=judge_sweep(
            pairs,
            student.temperature,
            [(summary.temperature, group) for summary, group in distilled if _has_batch_of(student, summary)],
        ),
        batch_size=judge_sweep(
            pairs,
            student.batch_size,
            [
                (summary.batch_size, group)
                for summary, group in distilled
                if _has_temperature_of(student, summary)
            ],
        ),
        better=_better(pairs, networks, objectives, student.model),
        faster=judge_speed(benchmark, student.model, BASELINE, recipe.data.size),
        multiples=() if benchmark is None else multiples(benchmark, (BASELINE, PAPERS_STUDENT)),
        command_times=() if benchmark is None else command_times(benchmark),
    )


def _networks(groups: Mapping[str, Group], recipe: Recipe) -> tuple[Network, ...]:
    """The student, then the others as the recipe names them; those that have a finished model."""
    assert recipe.compare is not None
    names = (recipe.student.model, *(network.model for network in recipe.compare.networks))
    found = [
        Network(
            architecture=name, name=network_name(name), groups=_by_objective(groups, name, recipe.student)
        )
        for name in names
    ]
    return tuple(network for network in found if network.groups)


def _by_objective(groups: Mapping[str, Group], architecture: str, student: StudentRecipe) -> dict[str, str]:
    students = [(_summary(group), group.name) for group in groups.values() if not group.is_teacher]
    return {
        summary.objective: name
        for summary, name in students
        if summary.architecture == architecture
        and _has_batch_of(student, summary)
        and _has_temperature_of(student, summary)
    }


def _summary(group: Group) -> ModelSummary:
    assert group.summary is not None  # every model of a run has one
    return group.summary


def _has_batch_of(student: StudentRecipe, summary: ModelSummary) -> bool:
    return summary.batch_size in (None, student.batch_size)


def _has_temperature_of(student: StudentRecipe, summary: ModelSummary) -> bool:
    return summary.temperature in (None, student.temperature)


def _better(
    pairs: GroupComparisons, networks: Sequence[Network], objectives: Sequence[str], student_model: str
) -> Better:
    """The student against the baseline, by every objective that both have; distillation decides."""
    by_architecture = {network.architecture: network for network in networks}
    student, baseline = by_architecture.get(student_model), by_architecture.get(BASELINE)
    if student is None:
        return Better(answer="no student", decided_by=None, by_objective=())
    if baseline is None:
        return Better(answer="no baseline", decided_by=None, by_objective=())
    shared = [name for name in objectives if name in student.groups and name in baseline.groups]
    if not shared:
        return Better(answer="no shared objective", decided_by=None, by_objective=())
    found = [_better_by(pairs, name, student.groups[name], baseline.groups[name]) for name in shared]
    main = DISTILLED if DISTILLED in shared else shared[0]
    deciding = next(each.argmax for each in found if each.objective == main)
    return Better(answer=_answer(deciding), decided_by=main, by_objective=tuple(found))


def _better_by(pairs: GroupComparisons, objective: str, student: str, baseline: str) -> BetterByObjective:
    return BetterByObjective(
        objective=objective,
        auc=pairs.aucs(student, baseline),
        argmax=pairs.decisions(student, baseline, "argmax"),
        youden=pairs.decisions(student, baseline, "youden"),
    )


def _answer(differences: Sequence[ClaimedDifference]) -> Literal["yes", "no", "not shown"]:
    claims = [difference.claim for difference in differences]
    if all(claim == "a is higher" for claim in claims):
        return "yes"
    return "no" if "b is higher" in claims else "not shown"
