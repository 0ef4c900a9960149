import csv
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from dermdistill.config import StudentRecipe
from dermdistill.distillation import objectives
from dermdistill.distillation.objectives import Labels
from dermdistill.errors import UserError
from dermdistill.models.checkpoint import load_weights
from dermdistill.models.dsnet import DSNet
from dermdistill.runs import ModelFolder
from dermdistill.training import engine
from dermdistill.training.averaging import average_weights
from dermdistill.training.engine import Trainer, TrainingData
from dermdistill.training.reporter import Lines

from .conftest import INFO, Setup

RECIPE = StudentRecipe(epochs=4, batch_size=8, learning_rate=3e-3)
FIT = {"label": "student", "identity": "a"}
Kill = Callable[[pytest.MonkeyPatch, int], None]
CYCLES = RECIPE.model_copy(update={"epochs": 6, "cycles": 2})
"""Of the fixture ``unsettled`` with seed 1 the second epoch of both cycles is the best."""


def rows(folder: ModelFolder) -> list[dict[str, str]]:
    with folder.history.open(newline="") as handle:
        return list(csv.DictReader(handle))


def figures(folder: ModelFolder) -> list[dict[str, str]]:
    return [{k: v for k, v in row.items() if k != "seconds"} for row in rows(folder)]


def test_a_student_learns(setup: Setup, model_path: Path) -> None:
    folder = ModelFolder(model_path)
    recipe = RECIPE.model_copy(update={"epochs": 8})
    result = setup.trainer(recipe, "labels").fit(setup.data, folder, **FIT)
    history = rows(folder)
    assert len(history) == result.epochs == 8
    assert float(history[-1]["train_loss"]) < float(history[0]["train_loss"])
    assert max(float(row["val_auc"]) for row in history) > 0.9


def test_kept_weights_are_of_the_epoch_with_the_best_validation_auc(setup: Setup, model_path: Path) -> None:
    folder = ModelFolder(model_path)
    result = setup.trainer(RECIPE).fit(setup.data, folder, **FIT)
    aucs = [float(row["val_auc"]) for row in rows(folder)]
    assert result.kept_epochs == (1 + aucs.index(max(aucs)),)
    network, info = load_weights(folder.weights)
    again = Trainer(
        network,
        info,
        objective=Labels(),
        teacher=None,
        recipe=RECIPE,
        seed=0,
        device=torch.device("cpu"),
        reporter=Lines(),
    )
    assert again._validate(setup.data.val, "these weights")[0] == max(aucs)


def check_resumption(
    trainer: Callable[[], Trainer], data: TrainingData, path: Path, kill: Callable[[pytest.MonkeyPatch], None]
) -> list[dict[str, str]]:
    """Train whole, and killed and resumed: it ends the same. Gives the history at the kill."""
    whole, resumed = ModelFolder(path / "whole"), ModelFolder(path / "resumed")
    expected = trainer().fit(data, whole, **FIT)
    with pytest.MonkeyPatch.context() as patch:
        kill(patch)
        with pytest.raises(KeyboardInterrupt):
            trainer().fit(data, resumed, **FIT)
    at_the_kill = rows(resumed)
    result = trainer().fit(data, resumed, **FIT)
    assert result.epochs == expected.epochs == trainer()._recipe.epochs
    assert result.kept_epochs == expected.kept_epochs
    assert figures(resumed) == figures(whole)
    assert resumed.weights.read_bytes() == whole.weights.read_bytes()
    return at_the_kill


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "adadelta"])
@pytest.mark.parametrize("objective", ["labels", "hinton", "as-published"])
def test_a_resumed_training_ends_with_the_very_same_numbers(
    setup: Setup, tmp_path: Path, objective: str, optimizer: str, kill_after: Kill
) -> None:
    recipe = RECIPE.model_copy(update={"optimizer": optimizer})
    done = check_resumption(
        lambda: setup.trainer(recipe, objective), setup.data, tmp_path, lambda patch: kill_after(patch, 2)
    )
    assert len(done) == 2


@pytest.mark.parametrize("finished", [1, 2, 3, 4, 5])
def test_so_does_one_of_several_cycles(
    unsettled: Setup, tmp_path: Path, finished: int, kill_after: Kill
) -> None:
    done = check_resumption(
        lambda: unsettled.trainer(CYCLES, seed=1),
        unsettled.data,
        tmp_path,
        lambda patch: kill_after(patch, finished),
    )
    assert len(done) == finished


@pytest.mark.parametrize("place", ["average_weights", "save_weights"])
def test_so_does_one_killed_while_it_averages(unsettled: Setup, tmp_path: Path, place: str) -> None:
    folder = ModelFolder(tmp_path / "resumed")
    real = getattr(engine, place)

    def killed_after_the_last_epoch(*args: object) -> None:
        real(*args)
        if folder.history.exists() and len(rows(folder)) == 6:
            raise KeyboardInterrupt

    done = check_resumption(
        lambda: unsettled.trainer(CYCLES, seed=1),
        unsettled.data,
        tmp_path,
        lambda patch: patch.setattr(engine, place, killed_after_the_last_epoch),
    )
    assert len(done) == 6


def test_a_finished_training_is_not_repeated(setup: Setup, model_path: Path) -> None:
    folder = ModelFolder(model_path)
    setup.trainer(RECIPE).fit(setup.data, folder, **FIT)
    before = rows(folder)
    setup.trainer(RECIPE).fit(setup.data, folder, **FIT)
    assert rows(folder) == before


def test_the_seed_decides(setup: Setup, tmp_path: Path) -> None:
    folders = [ModelFolder(tmp_path / str(i)) for i in range(3)]
    for folder, seed in zip(folders, [0, 0, 1], strict=True):
        setup.trainer(RECIPE, seed=seed).fit(setup.data, folder, **FIT)
    assert figures(folders[0]) == figures(folders[1])
    assert figures(folders[0]) != figures(folders[2])


def test_teacher_and_student_see_the_same_pixels(setup: Setup, model_path: Path) -> None:
    trainer = setup.trainer(RECIPE.model_copy(update={"epochs": 1}))
    seen: dict[str, list[Tensor]] = {"student": [], "teacher": []}

    def spy(name: str) -> Callable[..., None]:
        def remember(module: torch.nn.Module, inputs: tuple[Tensor, ...]) -> None:
            if torch.is_grad_enabled() or name == "teacher":
                seen[name].append(inputs[0].clone())

        return remember

    assert trainer._teacher is not None
    trainer._network.register_forward_pre_hook(spy("student"))
    trainer._teacher.register_forward_pre_hook(spy("teacher"))
    trainer.fit(setup.data, ModelFolder(model_path), **FIT)
    assert len(seen["student"]) == len(seen["teacher"]) == 5
    assert all(torch.equal(a, b) for a, b in zip(seen["student"], seen["teacher"], strict=True))


def test_the_teacher_never_trains(setup: Setup, model_path: Path) -> None:
    trainer = setup.trainer(RECIPE)
    assert trainer._teacher is not None
    before = {key: value.clone() for key, value in trainer._teacher.state_dict().items()}
    trainer.fit(setup.data, ModelFolder(model_path), **FIT)
    assert all(torch.equal(value, before[key]) for key, value in trainer._teacher.state_dict().items())
    assert not any(module.training for module in trainer._teacher.modules())


class _NanAfter(Labels):
    """Cross-entropy that turns to NaN after some batches."""

    left: int = 0

    def __call__(self, **logits_and_labels: Tensor | None) -> dict[str, Tensor]:
        losses = super().__call__(**logits_and_labels)  # type: ignore[arg-type]
        type(self).left -= 1
        return losses if self.left >= 0 else {"total": losses["total"] * float("nan")}


def nan_trainer(batches: int, cycles: int = 1) -> Trainer:
    _NanAfter.left = batches
    torch.manual_seed(0)
    return Trainer(
        DSNet(INFO.input.size, 2),
        INFO,
        objective=_NanAfter(),
        teacher=None,
        recipe=RECIPE.model_copy(update={"cycles": cycles}),
        seed=0,
        device=torch.device("cpu"),
        reporter=Lines(),
    )


def test_nan_loss_stops_keeps_the_last_good_weights_and_says_where(setup: Setup, model_path: Path) -> None:
    folder = ModelFolder(model_path)
    result = nan_trainer(batches=12).fit(setup.data, folder, **FIT)
    assert result.failure is not None
    assert "loss is nan in epoch 3, batch 3" in result.failure
    assert f"weights of epoch {result.kept_epochs[0]} are kept" in result.failure
    assert len(rows(folder)) == 2
    assert all(torch.isfinite(tensor).all() for tensor in load_file(folder.weights).values())


def test_nan_in_the_first_epoch_is_an_error_and_leaves_nothing(setup: Setup, model_path: Path) -> None:
    folder = ModelFolder(model_path)
    with pytest.raises(
        UserError, match=r"student: the loss is nan in epoch 1, batch 2; no epoch was finished"
    ):
        nan_trainer(batches=1).fit(setup.data, folder, **FIT)
    assert not folder.weights.exists()
    assert not folder.checkpoint.exists()


def test_a_corrupt_checkpoint_is_one_clear_line(setup: Setup, model_path: Path) -> None:
    folder = ModelFolder(model_path)
    setup.trainer(RECIPE).fit(setup.data, folder, **FIT)
    content = bytearray(folder.checkpoint.read_bytes())
    content[len(content) // 2] ^= 1
    for damaged in (bytes(content), bytes(content[:100]), b""):
        folder.checkpoint.write_bytes(damaged)
        with pytest.raises(UserError, match=r"checkpoint\.ckpt: the checkpoint is damaged; delete it"):
            setup.trainer(RECIPE).fit(setup.data, folder, **FIT)
    assert len(rows(folder)) == 4


def test_a_checkpoint_of_another_training_is_refused(setup: Setup, model_path: Path) -> None:
    folder = ModelFolder(model_path)
    setup.trainer(RECIPE).fit(setup.data, folder, **FIT)
    with pytest.raises(UserError, match="of another training"):
        setup.trainer(RECIPE).fit(setup.data, folder, label="student", identity="b")


def test_an_unwritable_folder_is_one_clear_line(setup: Setup, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot write"):
        setup.trainer(RECIPE).fit(setup.data, ModelFolder(tmp_path / "file" / "model"), **FIT)


def test_an_objective_without_its_teacher_is_a_programming_error() -> None:
    made = objectives.Hinton(4.0, 0.1)
    with pytest.raises(ValueError, match="needs a teacher"):
        Trainer(
            DSNet(20, 2),
            INFO,
            objective=made,
            teacher=None,
            recipe=RECIPE,
            seed=0,
            device=torch.device("cpu"),
            reporter=Lines(),
        )


def test_each_cycle_begins_anew_from_the_best_weights(setup: Setup, tmp_path: Path) -> None:
    cycles, first, second = (ModelFolder(tmp_path / name) for name in ("cycles", "first", "second"))
    setup.trainer(RECIPE.model_copy(update={"cycles": 2})).fit(setup.data, cycles, **FIT)
    before = setup.trainer(RECIPE.model_copy(update={"epochs": 2})).fit(setup.data, first, **FIT)
    assert figures(cycles)[:2] == figures(first)
    assert before.kept_epochs == (1,)  # so that the best weights are not the last

    by_hand = setup.trainer(RECIPE.model_copy(update={"epochs": 2}))
    by_hand._network.load_state_dict(load_file(first.weights))
    with pytest.MonkeyPatch.context() as patch:
        real = engine._seed_epoch
        patch.setattr(engine, "_seed_epoch", lambda seed, epoch: real(seed, epoch + 2))
        by_hand.fit(setup.data, second, **FIT)
    assert [{**row, "epoch": ""} for row in figures(cycles)[2:]] == [
        {**row, "epoch": ""} for row in figures(second)
    ]


def test_the_average_of_the_cycles_best_weights_is_kept(
    unsettled: Setup, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, first = ModelFolder(tmp_path / "whole"), ModelFolder(tmp_path / "first")
    bests: dict[int, dict[str, Tensor]] = {}
    with pytest.MonkeyPatch.context() as patch:
        publish = Trainer._publish

        def remember(self: Trainer, folder: ModelFolder, done: list[dict[str, float]]) -> None:
            bests[len(done)] = {name: tensor.clone() for name, tensor in self._network.state_dict().items()}
            publish(self, folder, done)

        patch.setattr(Trainer, "_publish", remember)
        result = unsettled.trainer(CYCLES, seed=1).fit(unsettled.data, whole, **FIT)
    aucs = [float(row["val_auc"]) for row in rows(whole)]
    assert result.kept_epochs == (2, 5)
    assert (max(aucs[:3]), max(aucs[3:])) == (aucs[1], aucs[4])
    trainer, network = unsettled.trainer(CYCLES, seed=1), unsettled.student()
    one_more_epoch = [
        images for images, _ in trainer._batches(unsettled.data, engine._seed_epoch(seed=1, epoch=7))
    ]
    average_weights(network, [bests[2], bests[5]], one_more_epoch)
    torch.testing.assert_close(load_file(whole.weights), dict(network.state_dict()))
    assert "student: the average of epochs 2, 5 is kept" in capsys.readouterr().err
    # One cycle keeps its best epoch as it is.
    one = RECIPE.model_copy(update={"epochs": 3})
    alone = unsettled.trainer(one, seed=1).fit(unsettled.data, first, **FIT)
    assert alone.kept_epochs == (2,)
    assert all(torch.equal(tensor, bests[2][name]) for name, tensor in load_file(first.weights).items())


def test_nan_in_a_later_cycle_keeps_the_best_epoch_not_an_average(setup: Setup, model_path: Path) -> None:
    folder = ModelFolder(model_path)
    result = nan_trainer(batches=17, cycles=2).fit(setup.data, folder, **FIT)
    aucs = [float(row["val_auc"]) for row in rows(folder)]
    assert len(aucs) == 3
    assert result.kept_epochs == (1 + aucs.index(max(aucs)),)
    assert result.failure is not None
    assert f"weights of epoch {result.kept_epochs[0]} are kept" in result.failure
