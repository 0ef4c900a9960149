import math

import pytest
import torch

from dermdistill.config import StudentRecipe
from dermdistill.distillation.as_published import AsPublished
from dermdistill.distillation.hard_labels import HardLabels
from dermdistill.distillation.hinton import Hinton
from dermdistill.distillation.objectives import OBJECTIVES

STUDENT = torch.tensor([[0.0, math.log(3.0)], [math.log(2.0), 0.0]])
TEACHER = torch.tensor([[0.0, math.log(4.0)], [0.0, 0.0]])
LABELS = torch.tensor([1, 0])


def test_labels_is_cross_entropy() -> None:
    losses = HardLabels()(student_logits=STUDENT, teacher_logits=None, labels=LABELS)
    # P(label) is 3/4 and 2/3.
    assert losses["total"].item() == pytest.approx(-(math.log(3 / 4) + math.log(2 / 3)) / 2, rel=1e-5)


def test_class_weights_weigh_the_hard_loss() -> None:
    losses = HardLabels(torch.tensor([1.0, 3.0]))(student_logits=STUDENT, teacher_logits=None, labels=LABELS)
    assert losses["total"].item() == pytest.approx(-(3 * math.log(3 / 4) + math.log(2 / 3)) / 4, rel=1e-5)


def test_hinton_by_hand_at_temperature_one() -> None:
    losses = Hinton(1.0, 0.25)(student_logits=STUDENT, teacher_logits=TEACHER, labels=LABELS)
    first = 0.2 * math.log(0.2 / 0.25) + 0.8 * math.log(0.8 / 0.75)
    second = 0.5 * math.log(0.5 / (2 / 3)) + 0.5 * math.log(0.5 / (1 / 3))
    hard = -(math.log(3 / 4) + math.log(2 / 3)) / 2
    assert losses["soft"].item() == pytest.approx((first + second) / 2, rel=1e-5)
    assert losses["total"].item() == pytest.approx(0.25 * hard + 0.75 * (first + second) / 2, rel=1e-5)


def test_hinton_by_hand_at_temperature_two() -> None:
    """Logits halve: teacher's odds 4 become 2, student's odds 3 become sqrt 3; T^2 = 4."""
    losses = Hinton(2.0, 0.0)(student_logits=STUDENT[:1], teacher_logits=TEACHER[:1], labels=LABELS[:1])
    p, q = 2 / 3, math.sqrt(3) / (1 + math.sqrt(3))
    divergence = p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))
    assert losses["total"].item() == pytest.approx(4 * divergence, rel=1e-5)


def test_hinton_soft_gradient_does_not_vanish_with_temperature() -> None:
    """Hinton et al., section 2.1: at high T the T^2 gradient tends to (z - v) / C, here over the batch."""
    student = torch.tensor([[0.3, -0.3, 0.1]], requires_grad=True)
    teacher = torch.tensor([[1.0, -1.5, 0.5]])
    losses = Hinton(1000.0, 0.0)(student_logits=student, teacher_logits=teacher, labels=torch.tensor([0]))
    losses["total"].backward()  # type: ignore[no-untyped-call]
    centred = (student - student.mean()) - (teacher - teacher.mean())
    assert student.grad is not None
    assert torch.allclose(student.grad, centred.detach() / 3, atol=2e-3)


def test_hinton_is_zero_where_student_equals_teacher() -> None:
    losses = Hinton(7.0, 0.1)(student_logits=TEACHER, teacher_logits=TEACHER.clone(), labels=LABELS)
    assert losses["soft"].item() == pytest.approx(0, abs=1e-6)


def test_as_published_by_hand() -> None:
    """Every step of the notebooks on two rows that are the whole training array."""
    losses = AsPublished(10.0, 0.1, training_images=2)(
        student_logits=STUDENT, teacher_logits=TEACHER, labels=LABELS
    )
    # The "logits" are probabilities: teacher (0.2, 0.8), (0.5, 0.5); student (0.25, 0.75), (2/3, 1/3).
    raised = [[math.exp(0.02), math.exp(0.08)], [math.exp(0.05), math.exp(0.05)]]
    everything = sum(map(sum, raised))
    targets = [[value / everything for value in row] for row in raised]
    assert sum(map(sum, targets)) == pytest.approx(1)  # over the whole array, not a row
    hard = soft = 0.0
    for row, (p, label) in enumerate(zip([(0.25, 0.75), (2 / 3, 1 / 3)], [1, 0], strict=True)):
        squashed = math.exp(p[label]) / (math.exp(p[0]) + math.exp(p[1]))
        hard += -math.log(squashed) / 2
        for k in (0, 1):
            softened = math.exp(p[k] / 10) / (math.exp(p[0] / 10) + math.exp(p[1] / 10))
            soft += -targets[row][k] * math.log(softened) / 2
    assert losses["hard"].item() == pytest.approx(hard, rel=1e-5)
    assert losses["soft"].item() == pytest.approx(soft, rel=1e-5)
    assert losses["total"].item() == pytest.approx(0.1 * hard + 0.9 * soft, rel=1e-5)


def test_as_published_soft_term_is_almost_nothing() -> None:
    """With the paper's 5,596 training images a row of soft targets sums to about 1/5596."""
    generator = torch.Generator().manual_seed(0)
    student, teacher = torch.randn(2, 64, 2, generator=generator)
    labels = torch.randint(0, 2, (64,), generator=generator)
    losses = AsPublished(10.0, 0.1, 5596)(student_logits=student, teacher_logits=teacher, labels=labels)
    assert losses["soft"].item() == pytest.approx(math.log(2) / 5596, rel=0.01)
    assert 0.9 * losses["soft"] < 0.01 * 0.1 * losses["hard"]


def test_as_published_batches_agree_with_the_whole_array() -> None:
    generator = torch.Generator().manual_seed(1)
    student, teacher = torch.randn(2, 640, 2, generator=generator)
    labels = torch.randint(0, 2, (640,), generator=generator)
    objective = AsPublished(10.0, 0.1, 640)
    whole = objective(student_logits=student, teacher_logits=teacher, labels=labels)["soft"]
    parts = [
        objective(
            student_logits=student[i : i + 64], teacher_logits=teacher[i : i + 64], labels=labels[i : i + 64]
        )
        for i in range(0, 640, 64)
    ]
    assert torch.stack([part["soft"] for part in parts]).mean().item() == pytest.approx(
        whole.item(), rel=0.0013
    )


@pytest.mark.parametrize("name", OBJECTIVES)
def test_only_the_student_gets_a_gradient(name: str) -> None:
    student = STUDENT.clone().requires_grad_()
    objective = OBJECTIVES[name].of(StudentRecipe(), training_images=2, class_weights=None)
    losses = objective(student_logits=student, teacher_logits=TEACHER, labels=LABELS)
    losses["total"].backward()  # type: ignore[no-untyped-call]
    assert student.grad is not None
    assert student.grad.abs().sum() > 0
    assert all(loss.ndim == 0 for loss in losses.values())


def test_logits_cannot_be_swapped_by_position() -> None:
    with pytest.raises(TypeError):
        Hinton(4.0, 0.1)(STUDENT, TEACHER, LABELS)  # type: ignore[call-arg]


def test_recipe_reaches_the_objective() -> None:
    recipe = StudentRecipe(temperature=3.0, hard_weight=0.6)
    made = OBJECTIVES["hinton"].of(recipe, training_images=9, class_weights=torch.ones(2))
    assert isinstance(made, Hinton)
    assert (made.temperature, made.hard_weight) == (3.0, 0.6)
    published = OBJECTIVES["as-published"].of(recipe, training_images=9, class_weights=None)
    assert published == AsPublished(3.0, 0.6, 9)
