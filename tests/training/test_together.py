"""Two processes that train one network: the figures of one process, whatever dies and is resumed."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from dermdistill.config import AugmentRecipe, StudentRecipe
from dermdistill.data.augment import Augment
from dermdistill.data.draws import Part, PartOfDraws
from dermdistill.data.images import resize
from dermdistill.distillation.objectives import OBJECTIVES
from dermdistill.distillation.teacher import FrozenTeacher
from dermdistill.errors import UserError
from dermdistill.models.dsnet import DSNet
from dermdistill.runs import ModelFolder
from dermdistill.training import engine
from dermdistill.training.engine import TrainingResult
from dermdistill.training.job import Job, Pixels
from dermdistill.training.processes import helped
from dermdistill.training.ranks import ALONE, RankDiedError, Ranks
from dermdistill.training.resume import load_state

from .conftest import INFO, SIZE, Heard, Setup

CPU = torch.device("cpu")
# Of 40 images: two batches of 15, an odd number; the rest is left out. At a larger learning rate AdamW would
# amplify what a processor rounds.
RECIPE = StudentRecipe(epochs=4, cycles=2, batch_size=15, learning_rate=1e-5)
LARGE = SIZE + 4
"""What the teacher sees."""
AUGMENT = AugmentRecipe(stretch=0.3, blur=0.05, hair=0.5, corners=0.5, jpeg=0.5)


def job(setup: Setup, recipe: StudentRecipe = RECIPE) -> Job:
    """DSNet, which has batch norm and dropout, on all augmentations and classes of unequal weight."""
    torch.manual_seed(0)
    network = DSNet(SIZE, 2)
    teacher = nn.Sequential(nn.Flatten(), nn.Linear(3 * LARGE * LARGE, 2))
    weights = torch.tensor([0.5, 2.0])
    objective = OBJECTIVES["hinton"].of(recipe, training_images=40, class_weights=weights)
    train = replace(setup.data.train, pixels=pixels_of(setup)[LARGE])
    data = replace(setup.data, train=train, augment=Augment(AUGMENT))
    return Job(network, INFO, objective, FrozenTeacher(teacher), recipe, 0, data, "student", "a")


def pixels_of(setup: Setup) -> Pixels:
    """The images in both sizes."""
    own = setup.data.val.pixels
    return {SIZE: own, LARGE: np.stack([resize(image, LARGE) for image in own])}


def trained(work: Job, path: Path, ranks: Ranks = ALONE) -> tuple[TrainingResult, list[dict[str, float]]]:
    folder = ModelFolder(path)
    result = work.train(folder, CPU, Heard(), ranks)
    with folder.history.open(newline="") as handle:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(handle)]
    return result, rows


def check_same(found: list[dict[str, float]], expected: list[dict[str, float]]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        for name in set(other) - {"seconds"}:
            assert one[name] == pytest.approx(other[name], abs=1e-5), name


def test_two_processes_have_the_figures_of_one_and_each_resumes_the_other(
    setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Losses and AUCs of every epoch, gradients, the kept weights, and the statistics of batch norm."""
    alone = job(setup)
    _, expected = trained(alone, tmp_path / "alone")
    failing = fail_in_epoch(monkeypatch, 3)

    with helped(2, pixels_of(setup), CPU) as ranks:
        both = job(setup)
        _, found = trained(both, tmp_path / "both", ranks)
        check_same(found, expected)
        for name, tensor in alone.network.state_dict().items():
            torch.testing.assert_close(both.network.state_dict()[name], tensor, atol=1e-4, rtol=1e-3)
        for one, other in zip(gradients(tmp_path / "both"), gradients(tmp_path / "alone"), strict=True):
            torch.testing.assert_close(one, other, atol=1e-5 + 2e-3 * float(other.abs().max()), rtol=0)

        failing()
        with pytest.raises(KeyboardInterrupt):
            trained(job(setup), tmp_path / "one, then two")
        failing()
        _, found = trained(job(setup), tmp_path / "one, then two", ranks)
        check_same(found, expected)

        damaged = tmp_path / "damaged/checkpoint.ckpt"
        damaged.parent.mkdir()
        damaged.write_bytes(b"no checkpoint")
        with pytest.raises(UserError, match="the checkpoint is damaged"):
            trained(job(setup), damaged.parent, ranks)
        train = setup.data.train
        lone = replace(train, rows=train.rows[:1], labels=train.labels[:1], sources=train.sources[:1])
        few = replace(job(setup), data=replace(setup.data, train=lone))
        with pytest.raises(UserError, match="a batch of 1 images cannot be divided among 2 processes"):
            trained(few, tmp_path / "few", ranks)
        _, found = trained(job(setup), tmp_path / "after errors", ranks)
        check_same(found, expected)


def gradients(path: Path) -> list[torch.Tensor]:
    """Their running means over the last steps, which AdamW keeps, of each parameter."""
    state = load_state(ModelFolder(path).checkpoint)
    assert state is not None
    return [of_parameter["exp_avg"] for of_parameter in state["optimizer"]["state"].values()]


def fail_in_epoch(monkeypatch: pytest.MonkeyPatch, epoch: int) -> Callable[[], None]:
    """Lets this process fail between two epochs from the first call on, and no longer from the second."""
    real, is_on = engine._seed_epoch, False

    def seed(seed: int, number: int) -> torch.Generator:
        if is_on and number == epoch:
            raise KeyboardInterrupt
        return real(seed, number)

    def switch() -> None:
        nonlocal is_on
        is_on = not is_on

    monkeypatch.setattr(engine, "_seed_epoch", seed)
    return switch


def test_a_dead_process_ends_the_training_with_one_line_and_one_process_goes_on(
    setup: Setup, tmp_path: Path
) -> None:
    class Killer(Heard):
        """Ends the other process after the first epoch."""

        def epoch_done(self, name: str, row: dict[str, float], epochs: int) -> None:
            import multiprocessing

            for child in multiprocessing.active_children():
                child.kill()
                child.join()

    folder = ModelFolder(tmp_path / "model")
    with (
        pytest.raises(
            RankDiedError, match="another process of this training has ended; start the command again"
        ),
        helped(2, pixels_of(setup), CPU) as ranks,
    ):
        job(setup).train(folder, CPU, Killer(), ranks)
    assert len(folder.history.read_text().splitlines()) == 2, "one epoch is stored"
    _, found = trained(job(setup), folder.path)
    _, expected = trained(job(setup), tmp_path / "alone")
    check_same(found, expected)


@pytest.mark.parametrize(("images", "count"), [(8, 2), (7, 3), (3, 5), (1, 1)])
def test_parts_make_the_whole(images: int, count: int) -> None:
    parts = [list(range(images))[Part(index, count).of(images)] for index in range(count)]
    assert [each for part in parts for each in part] == list(range(images))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_what_happens_to_an_image_does_not_depend_on_the_number_of_processes() -> None:
    images = torch.from_numpy(np.random.default_rng(0).random((7, 3, 16, 16), dtype=np.float32))
    augment = Augment(AUGMENT)

    def generator() -> torch.Generator:
        return torch.Generator().manual_seed(5)

    (whole,) = augment(images, generator(), 16)
    for count in (2, 3):
        parts = [
            augment(images[Part(i, count).of(7)], PartOfDraws(generator(), 7, Part(i, count)), 16)[0]
            for i in range(count)
        ]
        torch.testing.assert_close(torch.cat(parts), whole, atol=1e-5, rtol=0)
