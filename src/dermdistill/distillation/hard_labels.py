"""Training on the labels alone, without a teacher."""

from dataclasses import dataclass
from typing import ClassVar, Self

import torch.nn.functional as F
from torch import Tensor

from dermdistill.config import StudentRecipe
from dermdistill.distillation.objective import Losses
from dermdistill.inference.model_info import OutputActivation


@dataclass(frozen=True)
class HardLabels:
    """Cross-entropy with the hard labels: the control, and the teacher's own objective.

    Attributes:
        class_weights: ``(C,)`` or None.
    """

    class_weights: Tensor | None = None
    needs_teacher: ClassVar[bool] = False
    takes_class_weights: ClassVar[bool] = True
    output: ClassVar[OutputActivation] = "softmax"

    @classmethod
    def of(cls, recipe: StudentRecipe, *, training_images: int, class_weights: Tensor | None) -> Self:
        return cls(class_weights)

    def __call__(self, *, student_logits: Tensor, teacher_logits: Tensor | None, labels: Tensor) -> Losses:
        return {"total": F.cross_entropy(student_logits, labels, weight=self.class_weights)}
