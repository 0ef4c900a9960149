"""Models that differ only in their seed, judged together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dermdistill.config import StudentRecipe
from dermdistill.evaluation.estimates import Evaluation, OperatingPoint
from dermdistill.evaluation.evaluate import mean_over_seeds, single_seed
from dermdistill.evaluation.predictions import Predictions, aligned
from dermdistill.judgement.curves import curves_of, wrong_images
from dermdistill.judgement.judgement import Group
from dermdistill.judgement.names import group_labels, objectives_in_order
from dermdistill.judgement.subgroups import subgroups_of
from dermdistill.runs import ModelSummary


@dataclass(frozen=True, slots=True)
class ScoredModel:
    """A model to judge.

    Attributes:
        group: its group; the same for all seeds.
        test: the rows to judge it by.
        points: its operating points, chosen on other images.
        summary: None of a model file without a run.
    """

    name: str
    group: str
    test: Predictions
    points: Sequence[OperatingPoint]
    summary: ModelSummary | None


def judge_groups(
    models: Sequence[ScoredModel],
    evaluations: Mapping[str, Evaluation],
    student: StudentRecipe | None,
    replicates: int,
) -> dict[str, Group]:
    """All groups: the teacher, its members, the labels-only students, then the others.

    Args:
        models: the rows of all are of the same images.
        evaluations: of each model, by its name; a model that is alone in its group is not judged again.
        student: the recipe's own, whose settings need no mention in a label; None without a run.
        replicates: bootstrap resamples.
    """
    members: dict[str, list[ScoredModel]] = {}
    for model in sorted(models, key=lambda model: 0 if model.summary is None else model.summary.seed):
        members.setdefault(model.group, []).append(model)
    summaries = [each[0].summary for each in members.values() if each[0].summary is not None]
    labels = group_labels(summaries, student or StudentRecipe())
    groups = []
    for name, each in members.items():
        alone = evaluations[each[0].name] if len(each) == 1 else None
        groups.append(_judge(name, labels.get(name, name), each, alone, replicates))
    objectives = objectives_in_order(summary.objective for summary in summaries)
    return {group.name: group for group in sorted(groups, key=lambda group: _rank(group, objectives))}


def _judge(
    name: str, label: str, models: Sequence[ScoredModel], alone: Evaluation | None, replicates: int
) -> Group:
    tests = aligned([(model.name, model.test) for model in models])
    points = [model.points for model in models]
    seconds = [model.summary.training_seconds for model in models if model.summary is not None]
    return Group(
        name=name,
        label=label,
        models=tuple(model.name for model in models),
        summary=models[0].summary,
        training_seconds=sum(seconds) / len(seconds) if seconds else None,
        mean=single_seed(alone) if alone else mean_over_seeds(tests, points, replicates=replicates),
        subgroups=subgroups_of(tests, points, replicates),
        curves=curves_of(tests),
        most_wrong=wrong_images(tests),
    )


def _rank(group: Group, objectives: Sequence[str]) -> tuple[bool, int, str]:
    place = len(objectives) if group.summary is None else objectives.index(group.summary.objective)
    return not group.is_teacher, place, group.name
