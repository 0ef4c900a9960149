"""Models that differ only in their seed, taken together."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from dermdistill.config import StudentRecipe
from dermdistill.evaluation.evaluate import mean_over_seeds
from dermdistill.evaluation.results import GroupEvaluation
from dermdistill.inference.model_info import member_networks
from dermdistill.report.reading import ModelResults, RunResults
from dermdistill.runs import TEACHER_MEMBER, ModelSummary

LABELS_ONLY = "labels"
AS_PUBLISHED = "as-published"
DISTILLED = "hinton"
OBJECTIVES = {LABELS_ONLY: "labels only", DISTILLED: "distilled", AS_PUBLISHED: "as published"}
"""What the report calls them, in its order."""
_NETWORKS = {
    "dsnet": "DSNet",
    "dermlet": "Dermlet",
    "resnet50": "ResNet-50",
    "resnet101": "ResNet-101",
    "mobilenetv1_100": "MobileNet",
    "vgg16": "VGG-16",
    "inception_v3": "Inception-V3",
    "efficientnet_b0": "EfficientNet-B0",
    "tf_efficientnet_lite0": "EfficientNet-Lite0",
    "tf_efficientnet_lite1": "EfficientNet-Lite1",
    "tf_efficientnet_lite2": "EfficientNet-Lite2",
}


@dataclass(frozen=True, slots=True)
class Group:
    """The models of one configuration.

    Attributes:
        label: what the report calls it, such as ``DSNet labels only``.
        models: one a seed, at least one.
        mean: their figures as means over the seeds.
    """

    name: str
    label: str
    models: tuple[ModelResults, ...]
    mean: GroupEvaluation

    @property
    def summary(self) -> ModelSummary:
        """That of the first model; network, objective and size are the same for all."""
        return self.models[0].summary

    @property
    def training_seconds(self) -> float:
        """Mean over the models; a composed teacher's is the sum of its members'."""
        return sum(model.summary.training_seconds for model in self.models) / len(self.models)

    @property
    def training_remark(self) -> tuple[str, ...]:
        """What ``training_seconds`` is, where it is not one training's."""
        if self.summary.is_composed:
            return ("sum of its members",)
        return (f"mean of {len(self.models)}",) if len(self.models) > 1 else ()

    @property
    def is_control(self) -> bool:
        """A student without a teacher."""
        return self.summary.role == "student" and self.summary.objective == LABELS_ONLY

    @property
    def is_distilled(self) -> bool:
        """A student that learns from a teacher; in the published arithmetic its share is almost nil."""
        return self.summary.role == "student" and self.summary.objective not in (LABELS_ONLY, AS_PUBLISHED)

    @property
    def is_as_published(self) -> bool:
        """A student trained by the arithmetic of the paper's notebooks."""
        return self.summary.role == "student" and self.summary.objective == AS_PUBLISHED


def network_name(architecture: str) -> str:
    """``dsnet`` is DSNet, ``dsnet*3`` is 3 x DSNet; names we do not know stay as they are."""
    names = [
        (_NETWORKS.get(network, network), len(list(same)))
        for network, same in groupby(member_networks(architecture))
    ]
    return " + ".join(f"{members} x {name}" if members > 1 else name for name, members in names)


def objective_name(objective: str) -> str:
    """``hinton`` is distilled; names we do not know stay as they are."""
    return OBJECTIVES.get(objective, objective)


def group_models(run: RunResults) -> tuple[Group, ...]:
    """All groups of a run with their mean figures: teacher, its members, control, then the other students."""
    members: dict[str, list[ModelResults]] = {}
    for model in sorted(run.models, key=lambda model: model.summary.seed):
        members.setdefault(model.summary.group, []).append(model)
    labels = _labels([models[0].summary for models in members.values()], run.recipe.student)
    groups = [
        Group(name, labels[name], tuple(models), _mean(models, run.recipe.evaluation.replicates))
        for name, models in members.items()
    ]
    return tuple(sorted(groups, key=_rank))


def _mean(models: Sequence[ModelResults], replicates: int) -> GroupEvaluation:
    return mean_over_seeds(
        [model.test for model in models],
        [[scores.point for scores in model.evaluation.operating_points.values()] for model in models],
        replicates=replicates,
    )


def _rank(group: Group) -> tuple[bool, int, str]:
    order = list(OBJECTIVES)
    objective = group.summary.objective
    return (
        group.summary.role != "teacher",
        order.index(objective) if objective in order else len(order),
        group.name,
    )


def _labels(summaries: Sequence[ModelSummary], student: StudentRecipe) -> dict[str, str]:
    """A readable label for each group; the group's own name is added where two would be called the same."""
    labels = {summary.group: _label(summary) + _other_setting(summary, student) for summary in summaries}
    readable = list(labels.values())
    return {
        name: f"{label} ({name})" if readable.count(label) > 1 else label for name, label in labels.items()
    }


def _label(summary: ModelSummary) -> str:
    network = network_name(summary.architecture)
    if summary.group == TEACHER_MEMBER:
        return f"Teacher member ({network})"
    if summary.role == "teacher":
        return f"Teacher ({network})"
    return f"{network} {objective_name(summary.objective)}"


def _other_setting(summary: ModelSummary, student: StudentRecipe) -> str:
    """Where a student was trained with another temperature or batch than the recipe's, which."""
    if summary.role == "teacher":
        return ""
    other = ""
    if summary.temperature not in (None, student.temperature):
        other += f", T = {summary.temperature:g}"
    if summary.batch_size not in (None, student.batch_size):
        other += f", batch {summary.batch_size}"
    return other
