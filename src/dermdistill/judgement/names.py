"""What networks, objectives and groups are called for people."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from dermdistill.config import StudentRecipe
from dermdistill.inference.model_info import member_networks
from dermdistill.runs import TEACHER_MEMBER, ModelSummary

LABELS_ONLY = "labels"
AS_PUBLISHED = "as-published"
DISTILLED = "hinton"
_OBJECTIVES = {LABELS_ONLY: "labels only", DISTILLED: "distilled", AS_PUBLISHED: "as published"}
"""What people call them, in the order of all tables."""
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


def network_name(architecture: str) -> str:
    """``dsnet`` is DSNet, ``dsnet*3`` is 3 x DSNet; unknown names stay as they are."""
    names = [
        (_NETWORKS.get(network, network), len(list(same)))
        for network, same in groupby(member_networks(architecture))
    ]
    return " + ".join(f"{members} x {name}" if members > 1 else name for name, members in names)


def objective_name(objective: str) -> str:
    """``hinton`` is distilled; unknown names stay as they are."""
    return _OBJECTIVES.get(objective, objective)


def objectives_in_order(objectives: Iterable[str]) -> tuple[str, ...]:
    """Each once, as in all tables: those with a name of their own first, then the others as given."""
    given = tuple(dict.fromkeys(objectives))
    named = tuple(name for name in _OBJECTIVES if name in given)
    return (*named, *(name for name in given if name not in _OBJECTIVES))


def group_labels(summaries: Sequence[ModelSummary], student: StudentRecipe) -> dict[str, str]:
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
    """Temperature and batch size of a student where they are not the recipe's own."""
    if summary.role == "teacher":
        return ""
    other = ""
    if summary.temperature not in (None, student.temperature):
        other += f", T = {summary.temperature:g}"
    if summary.batch_size not in (None, student.batch_size):
        other += f", batch {summary.batch_size}"
    return other
