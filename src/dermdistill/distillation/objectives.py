"""Objectives: what a student is asked to minimise.

An objective takes the logits of student and teacher on the same pixels, and the labels, and returns named
losses; the engine calls backward on ``total`` alone. Arguments are keywords, so that the two logits cannot
be swapped.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from dermdistill.config import ObjectiveName, StudentRecipe
from dermdistill.inference.model_info import OutputActivation

Losses = dict[str, Tensor]


class Objective(Protocol):
    """What the engine needs of an objective.

    Attributes:
        needs_teacher: whether ``teacher_logits`` is used.
        output: how the trained network's logits become probabilities.
    """

    needs_teacher: ClassVar[bool]
    output: ClassVar[OutputActivation]

    def __call__(self, *, student_logits: Tensor, teacher_logits: Tensor | None, labels: Tensor) -> Losses:
        """Scalar losses by name; ``total`` is minimised.

        Args:
            student_logits: ``(N, C)``, with gradient.
            teacher_logits: ``(N, C)``, without; None where ``needs_teacher`` is False.
            labels: ``(N,)`` class indices.
        """
        ...


@dataclass(frozen=True)
class Labels:
    """Cross-entropy with the hard labels: the control, and the teacher's own objective.

    Attributes:
        class_weights: ``(C,)`` or None.
    """

    class_weights: Tensor | None = None
    needs_teacher: ClassVar[bool] = False
    output: ClassVar[OutputActivation] = "softmax"

    def __call__(self, *, student_logits: Tensor, teacher_logits: Tensor | None, labels: Tensor) -> Losses:
        return {"total": F.cross_entropy(student_logits, labels, weight=self.class_weights)}


@dataclass(frozen=True)
class Hinton:
    """Knowledge distillation of Hinton, Vinyals and Dean (arXiv:1503.02531).

    ``total = w * CE(labels, z) + (1 - w) * T^2 * KL(softmax(teacher / T) || softmax(z / T))``, both averaged
    over the batch. T^2 keeps the soft gradient's size when T changes (section 2 of that paper).

    Attributes:
        temperature: T > 0.
        hard_weight: w in [0, 1].
        class_weights: ``(C,)`` or None, for the hard part.
    """

    temperature: float
    hard_weight: float
    class_weights: Tensor | None = None
    needs_teacher: ClassVar[bool] = True
    output: ClassVar[OutputActivation] = "softmax"

    def __call__(self, *, student_logits: Tensor, teacher_logits: Tensor | None, labels: Tensor) -> Losses:
        assert teacher_logits is not None
        hard = F.cross_entropy(student_logits, labels, weight=self.class_weights)
        soft = self.temperature**2 * F.kl_div(
            F.log_softmax(student_logits / self.temperature, dim=1),
            F.log_softmax(teacher_logits / self.temperature, dim=1),
            reduction="batchmean",
            log_target=True,
        )
        return {"total": self.hard_weight * hard + (1 - self.hard_weight) * soft, "hard": hard, "soft": soft}


@dataclass(frozen=True)
class AsPublished:
    """The arithmetic of the paper's notebooks, flaws included, so that anyone can see what it does.

    With p = softmax(z) and q = softmax(teacher), both per row:

    - the "logits" of teacher and student are the probabilities q and p;
    - soft targets are exp(q / T) over the sum of exp(q / T) of ALL training rows, not of each row;
    - student outputs are softmax(p) and softmax(p / T);
    - ``total = w * CE(labels, softmax(p)) + (1 - w) * CE(soft targets, softmax(p / T))``, without T^2.

    The notebooks compute the targets once for the whole array. Here the teacher sees augmented pixels, so the
    sum over all rows is the batch's sum times ``training_images / N``: the same number where the batch is the
    whole set. A row of two classes adds between 2 exp(1 / 2T) and 1 + exp(1 / T), which differ by 0.13 % at
    T = 10, so a batch's estimate is at least that close there.

    Attributes:
        temperature: T > 0.
        hard_weight: w in [0, 1].
        training_images: rows of the array that the notebooks normalise over.
    """

    temperature: float
    hard_weight: float
    training_images: int
    needs_teacher: ClassVar[bool] = True
    output: ClassVar[OutputActivation] = "softmax-of-softmax"

    def __call__(self, *, student_logits: Tensor, teacher_logits: Tensor | None, labels: Tensor) -> Losses:
        assert teacher_logits is not None
        squashed = student_logits.softmax(dim=1)
        exponentials = torch.exp(teacher_logits.softmax(dim=1) / self.temperature)
        targets = exponentials / (exponentials.sum() * (self.training_images / len(labels)))
        hard = F.cross_entropy(squashed, labels)
        soft = -(targets * F.log_softmax(squashed / self.temperature, dim=1)).sum(dim=1).mean()
        return {"total": self.hard_weight * hard + (1 - self.hard_weight) * soft, "hard": hard, "soft": soft}


def create(
    name: ObjectiveName, recipe: StudentRecipe, *, training_images: int, class_weights: Tensor | None
) -> Objective:
    """The student's objective of this name."""
    if name == "labels":
        return Labels(class_weights)
    if name == "hinton":
        return Hinton(recipe.temperature, recipe.hard_weight, class_weights)
    return AsPublished(recipe.temperature, recipe.hard_weight, training_images)
