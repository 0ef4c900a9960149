"""The paper's own arithmetic."""

from dataclasses import dataclass
from typing import ClassVar, Self

import torch
import torch.nn.functional as F
from torch import Tensor

from dermdistill.config import StudentRecipe
from dermdistill.distillation.objective import Losses
from dermdistill.inference.model_info import OutputActivation


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
    takes_class_weights: ClassVar[bool] = False
    output: ClassVar[OutputActivation] = "softmax-of-softmax"

    @classmethod
    def of(cls, recipe: StudentRecipe, *, training_images: int, class_weights: Tensor | None) -> Self:
        return cls(recipe.temperature, recipe.hard_weight, training_images)

    def __call__(self, *, student_logits: Tensor, teacher_logits: Tensor | None, labels: Tensor) -> Losses:
        assert teacher_logits is not None
        squashed = student_logits.softmax(dim=1)
        exponentials = torch.exp(teacher_logits.softmax(dim=1) / self.temperature)
        targets = exponentials / (exponentials.sum() * (self.training_images / len(labels)))
        hard = F.cross_entropy(squashed, labels)
        soft = -(targets * F.log_softmax(squashed / self.temperature, dim=1)).sum(dim=1).mean()
        return {"total": self.hard_weight * hard + (1 - self.hard_weight) * soft, "hard": hard, "soft": soft}
