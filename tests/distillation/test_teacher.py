import torch
from torch import nn

from dermdistill.distillation.teacher import FrozenTeacher


def network() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.BatchNorm1d(12), nn.Dropout(0.5), nn.Linear(12, 2))


def test_teacher_stays_in_eval_mode_whatever_is_asked() -> None:
    teacher = FrozenTeacher(network())
    whole = nn.ModuleList([teacher])
    whole.train()
    teacher.train(True)
    assert not any(module.training for module in teacher.modules())


def test_teacher_never_changes_and_gives_no_gradient() -> None:
    teacher = FrozenTeacher(network()).train()
    before = {key: value.clone() for key, value in teacher.state_dict().items()}
    images = torch.randn(8, 3, 2, 2, requires_grad=True)
    first, second = teacher(images), teacher(images)
    torch.testing.assert_close(first, second)
    assert not first.requires_grad
    assert not any(p.requires_grad for p in teacher.parameters())
    assert all(torch.equal(value, before[key]) for key, value in teacher.state_dict().items())
