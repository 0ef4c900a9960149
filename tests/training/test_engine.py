import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from dermdistill.config import AugmentRecipe, StudentRecipe
from dermdistill.data.augment import Augment
from dermdistill.distillation.hard_labels import HardLabels
from dermdistill.errors import UserError
from dermdistill.models.checkpoint import save_weights
from dermdistill.models.dsnet import DSNet
from dermdistill.runs import ModelFolder
from dermdistill.training import engine
from dermdistill.training.averaging import average_weights
from dermdistill.training.engine import Trainer, TrainingData
from dermdistill.training.resume import load_state, save_state

from .conftest import INFO, SIZE, Heard, Setup

RECIPE = StudentRecipe(epochs=4, batch_size=8, learning_rate=3e-3)
FIT = {"label": "student", "identity": "a"}
Kill = Callable[[pytest.MonkeyPatch, int], None]
Script = Callable[..., None]
CYCLES = RECIPE.model_copy(update={"epochs": 6, "cycles": 2})
AUCS = (0.6, 0.8, 0.7, 0.7, 0.9, 0.8)
"""Of ``CYCLES``: the second epoch of both cycles is the best."""


def rows(folder: ModelFolder) -> list[dict[str, str]]:
    with folder.history.open(newline="") as handle:
        return list(csv.DictReader(handle))


def figures(folder: ModelFolder) -> list[dict[str, str]]:
    return [{k: v for k, v in row.items() if k != "seconds"} for row in rows(folder)]


def linear() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * SIZE * SIZE, 2))


def test_a_student_learns(setup: Setup, model_path: Path) -> None:
    """Melanomas lack red; a linear student can only get better at that, whatever the processor rounds."""
    folder = ModelFolder(model_path)
    recipe = RECIPE.model_copy(update={"epochs": 8})
    unchanged = replace(
        setup.data, augment=Augment(AugmentRecipe.model_validate(dict.fromkeys(AugmentRecipe().shaping(), 0)))
    )
    result = Setup(unchanged, linear).trainer(recipe, "labels").fit(unchanged, folder, **FIT)
    history = rows(folder)
    assert len(history) == result.epochs == 8
    assert float(history[-1]["train_loss"]) < 0.1 * float(history[0]["train_loss"])
    assert float(history[-1]["val_auc"]) == 1


@pytest.mark.parametrize(
    ("aucs", "best"),
    [
        ((0.9, 0.6, 0.8, 0.7), 1),
        ((0.6, 0.9, 0.7, 0.8), 2),
        ((0.6, 0.9, 0.9, 0.8), 2),
        ((0.1, 0.2, 0.3, 0.4), 4),
    ],
)
def test_kept_weights_are_of_the_epoch_with_the_best_validation_auc(
    setup: Setup,
    model_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script_aucs: Script,
    aucs: tuple[float, ...],
    best: int,
) -> None:
    """Of equal ones the first."""
    folder = ModelFolder(model_path)
    script_aucs(monkeypatch, *aucs)
    of_epochs = remember_weights(monkeypatch)
    trainer = setup.trainer(RECIPE)
    result = trainer.fit(setup.data, folder, **FIT)
    assert result.kept_epochs == (best,)
    assert [float(row["val_auc"]) for row in rows(folder)] == list(aucs)
    assert {epoch for epoch, weights in of_epochs.items() if same(weights, kept_by(trainer))} == {best}


def test_the_validation_auc_is_that_of_the_validation_images(setup: Setup) -> None:
    trainer = Setup(setup.data, linear).trainer(RECIPE, "labels")
    val = setup.data.val
    inputs = INFO.input.normalise(np.asarray(val.pixels)[val.rows]).reshape(len(val), -1).astype(np.float64)
    other, melanoma = trainer._network.get_submodule("1").weight.detach().double().numpy()
    expected = roc_auc_score(val.labels == 1, inputs @ (melanoma - other))
    assert 0 < expected < 1
    found, by_source = trainer._validate(val, "these weights")
    assert found == pytest.approx(expected)
    assert by_source == {}
    halves = replace(val, sources=("one",) * 8 + ("two",) * (len(val) - 8))
    _, by_source = trainer._validate(halves, "these weights")
    for name, part in (("one", slice(0, 8)), ("two", slice(8, None))):
        alone = replace(val, rows=val.rows[part], labels=val.labels[part], sources=())
        assert by_source[f"val_auc_{name}"] == pytest.approx(trainer._validate(alone, name)[0], nan_ok=True)


Weights = dict[str, Tensor]


def remember_weights(monkeypatch: pytest.MonkeyPatch) -> dict[int, Weights]:
    """The weights after each epoch, as training goes on."""
    keep = Trainer._keep
    weights: dict[int, Weights] = {}

    def remember(self: Trainer, folder: ModelFolder, identity: str, done: list[dict[str, float]]) -> None:
        weights[len(done)] = kept_by(self)
        keep(self, folder, identity, done)

    monkeypatch.setattr(Trainer, "_keep", remember)
    return weights


def kept_by(trainer: Trainer) -> Weights:
    return {name: tensor.clone() for name, tensor in trainer._network.state_dict().items()}


def same(one: Weights, other: Weights) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def check_resumption(
    trainer: Callable[[], Trainer], data: TrainingData, path: Path, kill: Callable[[pytest.MonkeyPatch], None]
) -> list[dict[str, str]]:
    """Train whole, and killed and resumed: it ends the same. Gives the history at the kill."""
    whole, resumed = ModelFolder(path / "whole"), ModelFolder(path / "resumed")
    uninterrupted, going_on = trainer(), trainer()
    expected = uninterrupted.fit(data, whole, **FIT)
    with pytest.MonkeyPatch.context() as patch:
        kill(patch)
        with pytest.raises(KeyboardInterrupt):
            trainer().fit(data, resumed, **FIT)
    at_the_kill = rows(resumed)
    result = going_on.fit(data, resumed, **FIT)
    assert result.epochs == expected.epochs == going_on._recipe.epochs
    assert result.kept_epochs == expected.kept_epochs
    assert figures(resumed) == figures(whole)
    assert same(kept_by(going_on), kept_by(uninterrupted))
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
    normed: Setup,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    finished: int,
    kill_after: Kill,
    script_aucs: Script,
) -> None:
    script_aucs(monkeypatch, *AUCS)
    done = check_resumption(
        lambda: normed.trainer(CYCLES),
        normed.data,
        tmp_path,
        lambda patch: kill_after(patch, finished),
    )
    assert len(done) == finished


@pytest.mark.parametrize("place", ["average_weights", "write_history"])
def test_so_does_one_killed_while_it_averages(
    normed: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, script_aucs: Script
) -> None:
    script_aucs(monkeypatch, *AUCS)
    folder = ModelFolder(tmp_path / "resumed")
    real = getattr(engine, place)

    def killed_after_the_last_epoch(*args: object) -> None:
        real(*args)
        if folder.history.exists() and len(rows(folder)) == 6:
            raise KeyboardInterrupt

    done = check_resumption(
        lambda: normed.trainer(CYCLES),
        normed.data,
        tmp_path,
        lambda patch: patch.setattr(engine, place, killed_after_the_last_epoch),
    )
    assert len(done) == 6


@pytest.mark.parametrize("best", [1, 2])
def test_a_training_that_an_older_version_began_goes_on(
    setup: Setup,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kill_after: Kill,
    script_aucs: Script,
    best: int,
) -> None:
    """It kept the best weights of one cycle in the weights file; those of the last epoch perhaps not yet."""
    script_aucs(monkeypatch, *((0.9, 0.8, 0.7, 0.6) if best == 1 else (0.8, 0.9, 0.7, 0.6)))

    def kill_and_age(patch: pytest.MonkeyPatch) -> None:
        kill_after(patch, 2)
        keep = Trainer._keep

        def as_before(
            self: Trainer, folder: ModelFolder, identity: str, done: list[dict[str, float]]
        ) -> None:
            keep(self, folder, identity, done)
            state = load_state(folder.checkpoint)
            assert state is not None
            del state["best_of_cycles"]
            save_state(folder.checkpoint, state)
            if len(done) == 1:
                save_weights(folder.weights, self._network, INFO)

        patch.setattr(Trainer, "_keep", as_before)

    check_resumption(lambda: setup.trainer(RECIPE), setup.data, tmp_path, kill_and_age)


def test_progress_is_reported_to_the_end_of_every_epoch(setup: Setup, model_path: Path) -> None:
    setup.trainer(RECIPE.model_copy(update={"epochs": 2})).fit(setup.data, ModelFolder(model_path), **FIT)
    assert setup.heard.shares == [0.2, 0.4, 0.6, 0.8, 1.0] * 2


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


class _NanAfter(HardLabels):
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
        reporter=Heard(),
    )


def test_nan_loss_stops_keeps_the_last_good_weights_and_says_where(setup: Setup, model_path: Path) -> None:
    folder = ModelFolder(model_path)
    trainer = nan_trainer(batches=12)
    result = trainer.fit(setup.data, folder, **FIT)
    assert result.failure is not None
    assert "loss is nan in epoch 3, batch 3" in result.failure
    assert f"weights of epoch {result.kept_epochs[0]} are kept" in result.failure
    assert len(rows(folder)) == 2
    assert all(torch.isfinite(tensor).all() for tensor in kept_by(trainer).values())


def test_nan_in_the_first_epoch_is_an_error_and_leaves_nothing(setup: Setup, model_path: Path) -> None:
    folder = ModelFolder(model_path)
    with pytest.raises(
        UserError, match=r"student: the loss is nan in epoch 1, batch 2; no epoch was finished"
    ):
        nan_trainer(batches=1).fit(setup.data, folder, **FIT)
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


def test_an_objective_without_its_teacher_is_a_programming_error(setup: Setup, model_path: Path) -> None:
    trainer = setup.trainer(RECIPE, asks=False)
    with pytest.raises(ValueError, match="needs a teacher"):
        trainer.fit(setup.data, ModelFolder(model_path), **FIT)


def test_each_cycle_begins_anew_from_the_best_weights(
    setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script_aucs: Script
) -> None:
    cycles, first, second = (ModelFolder(tmp_path / name) for name in ("cycles", "first", "second"))
    script_aucs(monkeypatch, 0.9, 0.8, 0.7, 0.6)
    setup.trainer(RECIPE.model_copy(update={"cycles": 2})).fit(setup.data, cycles, **FIT)
    half = setup.trainer(RECIPE.model_copy(update={"epochs": 2}))
    before = half.fit(setup.data, first, **FIT)
    assert figures(cycles)[:2] == figures(first)
    assert before.kept_epochs == (1,)  # so that the best weights are not the last

    by_hand = setup.trainer(RECIPE.model_copy(update={"epochs": 2}))
    by_hand._network.load_state_dict(kept_by(half))
    script_aucs(monkeypatch, 0.7, 0.6)
    real = engine._seed_epoch
    monkeypatch.setattr(engine, "_seed_epoch", lambda seed, epoch: real(seed, epoch + 2))
    by_hand.fit(setup.data, second, **FIT)
    assert [{**row, "epoch": ""} for row in figures(cycles)[2:]] == [
        {**row, "epoch": ""} for row in figures(second)
    ]


def test_the_average_of_the_cycles_best_weights_is_kept(
    normed: Setup,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script_aucs: Script,
) -> None:
    whole, first = ModelFolder(tmp_path / "whole"), ModelFolder(tmp_path / "first")
    script_aucs(monkeypatch, *AUCS)
    with pytest.MonkeyPatch.context() as patch:
        of_epochs = remember_weights(patch)
        averaging = normed.trainer(CYCLES)
        result = averaging.fit(normed.data, whole, **FIT)
    assert result.kept_epochs == (2, 5)
    trainer, network = normed.trainer(CYCLES), normed.student()
    one_more_epoch = [
        batch.inputs for batch in trainer._batches(normed.data, 7, engine._seed_epoch(seed=0, epoch=7))
    ]
    average_weights(network, [of_epochs[2], of_epochs[5]], one_more_epoch)
    torch.testing.assert_close(kept_by(averaging), dict(network.state_dict()))
    assert normed.heard.notes == ["student: the average of epochs 2, 5 is kept, validation AUC 0.5000"]
    # One cycle keeps its best epoch as it is.
    alone = normed.trainer(RECIPE.model_copy(update={"epochs": 3}))
    assert alone.fit(normed.data, first, **FIT).kept_epochs == (2,)
    assert same(kept_by(alone), of_epochs[2])


def test_nan_in_a_later_cycle_keeps_the_best_epoch_not_an_average(
    setup: Setup, model_path: Path, monkeypatch: pytest.MonkeyPatch, script_aucs: Script
) -> None:
    folder = ModelFolder(model_path)
    script_aucs(monkeypatch, 0.6, 0.9, 0.7)
    of_epochs = remember_weights(monkeypatch)
    trainer = nan_trainer(batches=17, cycles=2)
    result = trainer.fit(setup.data, folder, **FIT)
    assert len(rows(folder)) == 3
    assert same(kept_by(trainer), of_epochs[2])
    assert result.kept_epochs == (2,)
    assert result.failure is not None
    assert "weights of epoch 2 are kept" in result.failure
