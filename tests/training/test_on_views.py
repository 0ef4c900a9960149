"""Training on views that are made once, with or without recorded answers of the teacher."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from dermdistill.config import AugmentRecipe, StudentRecipe
from dermdistill.data import views as views_module
from dermdistill.data.augment import Augment
from dermdistill.data.cache import decoded_path
from dermdistill.data.views import Views
from dermdistill.distillation.teacher import FrozenTeacher
from dermdistill.models.checkpoint import save_weights
from dermdistill.models.dsnet import DSNet
from dermdistill.pipeline.teacher_logits import logits_of_views
from dermdistill.runs import ModelFolder
from dermdistill.training.engine import TrainingData

from .conftest import INFO, SIZE, Setup

RECIPE = StudentRecipe(epochs=3, batch_size=8, learning_rate=3e-3)
UNCHANGED = AugmentRecipe(
    rotate=False, flip=False, scale=0, shift=0, brightness=0, contrast=0, saturation=0, channel=0, views=1
)
FIT = {"label": "student", "identity": "a"}


@pytest.fixture
def on_views(setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainingData:
    """The data of ``setup`` with two views of each training image."""
    monkeypatch.setenv("DERMDISTILL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(views_module, "default_workers", lambda: 1)
    (tmp_path / "cache").mkdir()
    np.save(decoded_path("decoded"), setup.data.train.pixels)
    views = Views("decoded", setup.data.train.rows, SIZE, AugmentRecipe(views=2), (SIZE,))
    return replace(setup.data, views=views)


def losses(folder: ModelFolder) -> list[float]:
    with folder.history.open(newline="") as handle:
        return [float(row["train_loss"]) for row in csv.DictReader(handle)]


def test_a_network_sees_the_views_and_nothing_else(
    setup: Setup, on_views: TrainingData, model_path: Path
) -> None:
    trainer = setup.trainer(RECIPE, "labels")
    seen: list[Tensor] = []

    def remember(module: torch.nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if torch.is_grad_enabled():
            seen.append(inputs[0].clone())

    trainer._network.register_forward_pre_hook(remember)
    trainer.fit(on_views, ModelFolder(model_path), **FIT)
    assert on_views.views is not None
    for epoch, view in enumerate((0, 1, 0)):
        shown = torch.cat(seen[5 * epoch : 5 * epoch + 5]).numpy().reshape(40, -1)
        expected = INFO.input.normalise(on_views.views.of(view, SIZE)).reshape(40, -1)
        shown, expected = (rows[np.lexsort(rows[:, :3].T)] for rows in (shown, expected))
        np.testing.assert_allclose(shown, expected, atol=1e-5)


def test_recorded_answers_teach_as_a_teacher_that_is_asked_every_time(
    setup: Setup, on_views: TrainingData, tmp_path: Path
) -> None:
    """On views that are the images as they are, which a training without views sees, too."""
    assert on_views.views is not None
    views, teacher = replace(on_views.views, recipe=UNCHANGED), setup.teacher()
    answers = teacher(torch.from_numpy(INFO.input.normalise(views.of(0, SIZE)))).numpy()
    recorded = replace(on_views, views=views, teacher_logits=answers[None])
    asked, told = ModelFolder(tmp_path / "asked"), ModelFolder(tmp_path / "told")
    setup.trainer(RECIPE).fit(replace(setup.data, augment=Augment(UNCHANGED)), asked, **FIT)
    setup.trainer(RECIPE, asks=False).fit(recorded, told, **FIT)
    assert losses(told) == pytest.approx(losses(asked), rel=1e-4)
    wrong = replace(recorded, teacher_logits=answers[None, ::-1].copy())
    other = ModelFolder(tmp_path / "other")
    setup.trainer(RECIPE, asks=False).fit(wrong, other, **FIT)
    assert losses(other) != pytest.approx(losses(asked), rel=1e-4)


def test_views_without_answers_teach_nothing(setup: Setup, on_views: TrainingData, model_path: Path) -> None:
    with pytest.raises(ValueError, match="views need its answers"):
        setup.trainer(RECIPE).fit(on_views, ModelFolder(model_path), **FIT)


def test_the_teacher_answers_each_view_once(on_views: TrainingData, model_path: Path) -> None:
    views, folder = on_views.views, ModelFolder(model_path)
    assert views is not None
    torch.manual_seed(3)
    network = DSNet(SIZE, 2)
    folder.path.mkdir()
    save_weights(folder.weights, network, INFO)
    logits = logits_of_views(folder, views, torch.device("cpu"))
    teacher = FrozenTeacher(network)
    for index in range(2):
        expected = teacher(torch.from_numpy(INFO.input.normalise(views.of(index, SIZE))))
        np.testing.assert_allclose(logits[index], expected.numpy(), atol=1e-4)
    # What is known is not asked again, not even where the teacher is gone.
    folder.weights.unlink()
    np.testing.assert_array_equal(logits_of_views(folder, views, torch.device("cpu")), logits)
