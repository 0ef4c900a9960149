"""Knowledge distillation with soft targets."""

from dataclasses import dataclass
from typing import ClassVar, Self

import torch.nn.functional as F
from torch import Tensor

from dermdistill.config import StudentRecipe
from dermdistill.distillation.objective import Losses
from dermdistill.inference.model_info import OutputActivation


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
    takes_class_weights: ClassVar[bool] = True
    output: ClassVar[OutputActivation] = "softmax"

    @classmethod
    def of(cls, recipe: StudentRecipe, *, training_images: int, class_weights: Tensor | None) -> Self:
        return cls(recipe.temperature, recipe.hard_weight, class_weights)

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
