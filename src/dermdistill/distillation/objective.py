"""What a student is asked to minimise: the contract between an objective and the engine."""

from typing import ClassVar, Protocol, Self

from torch import Tensor

from dermdistill.config import StudentRecipe
from dermdistill.inference.model_info import OutputActivation

Losses = dict[str, Tensor]


class Objective(Protocol):
    """Takes the logits of student and teacher on the same images, and the labels, and gives named losses.

    The engine calls backward on ``total`` alone. Arguments are keywords, so that the two logits cannot be
    swapped.

    Attributes:
        needs_teacher: whether ``teacher_logits`` is used.
        takes_class_weights: whether its hard-label loss can weigh the classes.
        output: how the trained network's logits become probabilities.
    """

    needs_teacher: ClassVar[bool]
    takes_class_weights: ClassVar[bool]
    output: ClassVar[OutputActivation]

    @classmethod
    def of(cls, recipe: StudentRecipe, *, training_images: int, class_weights: Tensor | None) -> Self:
        """As a student's recipe says.

        Args:
            recipe: of the student.
            training_images: how many there are.
            class_weights: ``(C,)`` of the hard-label loss; None for equal ones.
        """
        ...

    def __call__(self, *, student_logits: Tensor, teacher_logits: Tensor | None, labels: Tensor) -> Losses:
        """Scalar losses by name; ``total`` is minimised.

        Args:
            student_logits: ``(N, C)``, with gradient.
            teacher_logits: ``(N, C)``, without; None where ``needs_teacher`` is False.
            labels: ``(N,)`` class indices.
        """
        ...
