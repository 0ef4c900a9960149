"""Train one network: a teacher on labels, or a student on any objective.

Everything random in an epoch follows from (seed, epoch) alone, so an epoch that was cut off is simply done
again, and on the CPU a resumed training ends with the very numbers of an uninterrupted one.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dermdistill.config import TrainingRecipe
from dermdistill.data.augment import Augment
from dermdistill.data.draws import WHOLE, PartOfDraws
from dermdistill.data.images import InputSpec
from dermdistill.data.loader import LabelledPixels, batches, batches_in_epoch, images_in_batch
from dermdistill.data.views import Views
from dermdistill.distillation.objective import Losses, Objective
from dermdistill.distillation.teacher import FrozenTeacher
from dermdistill.errors import UserError
from dermdistill.evaluation.metrics import auc
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.predictor import predict_in_batches
from dermdistill.models.checkpoint import load_weights
from dermdistill.models.torch_predictor import TorchPredictor
from dermdistill.records import MELANOMA
from dermdistill.runs import ModelFolder
from dermdistill.training.averaging import Weights, average_weights
from dermdistill.training.history import EpochRow, TensorBoard, write_history
from dermdistill.training.ranks import ALONE, Ranks
from dermdistill.training.reporter import Reporter
from dermdistill.training.resume import load_state, save_state
from dermdistill.training.schedule import learning_rate


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a network trains on and is selected by; teacher and students share the training images.

    Attributes:
        train: of the network's own size, or of its teacher's where that is larger.
        val: of the network's own size.
        views: of the training images, shown in their stead; None changes every batch anew.
        teacher_logits: the teacher's answers to the views, ``(V, N, C)`` float32, which a student that is
            shown views needs; None asks the teacher every time.
    """

    train: LabelledPixels
    val: LabelledPixels
    augment: Augment
    views: Views | None = None
    teacher_logits: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class _Batch:
    """This process's part of a batch, on the device.

    Attributes:
        inputs: normalised, in the network's own size.
        of_teacher: the same images in the teacher's size; None where no teacher has to be asked.
        teacher_logits: if they are known.
    """

    inputs: Tensor
    of_teacher: Tensor | None
    labels: Tensor
    teacher_logits: Tensor | None


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """How a training went.

    Attributes:
        epochs: completed.
        kept_epochs: counted from 1; the one whose weights are kept, or those whose average is.
        seconds: time spent in epochs, interrupted attempts included.
        failure: why it stopped early; None when it did not.
    """

    epochs: int
    kept_epochs: tuple[int, ...]
    seconds: float
    failure: str | None


class NonFiniteLossError(UserError):
    """The loss became NaN or infinite."""


class Trainer:
    """Trains one network; its folder holds the history and, between epochs, a checkpoint."""

    def __init__(
        self,
        network: nn.Module,
        info: ModelInfo,
        *,
        objective: Objective,
        teacher: FrozenTeacher | None,
        recipe: TrainingRecipe,
        seed: int,
        device: torch.device,
        reporter: Reporter,
        ranks: Ranks = ALONE,
    ) -> None:
        self._network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._info = info
        self._objective = objective
        self._teacher = teacher.to(device) if teacher is not None and objective.needs_teacher else None
        self._recipe = recipe
        self._seed = seed
        self._device = device
        self._reporter = reporter
        self._ranks = ranks
        self._steps = ranks.wrap(self._network)
        self._optimizer = _optimizer(network, recipe)
        self._epochs_in_cycle = recipe.epochs // recipe.cycles
        self._best_of_cycles: list[Weights] = []

    def fit(self, data: TrainingData, folder: ModelFolder, *, label: str, identity: str) -> TrainingResult:
        """Train to the end, or go on where the folder's checkpoint stopped.

        Afterwards the network has the weights of the best epoch by validation AUC; after several cycles the
        average of those of their best epochs. Of several processes (``Ranks``) the first reads and writes the
        folder; they may be more or fewer than those that began the training.

        Args:
            data: training and validation images.
            folder: of history and checkpoint.
            label: what the reporter calls it.
            identity: digest of all that shapes this training; a checkpoint of another one is refused.

        Raises:
            UserError: the checkpoint is damaged or of another training; a file cannot be written; the loss is
                not finite in the first epoch, so that there are no weights to keep.
            RankDiedError: another process of the training has ended.
        """
        can_ask = self._teacher is not None and data.views is None
        if self._objective.needs_teacher and not can_ask and data.teacher_logits is None:
            raise ValueError("this objective needs a teacher, and views need its answers")
        with self._ranks.watched():
            return self._fit(data, folder, label, identity)

    def _fit(self, data: TrainingData, folder: ModelFolder, label: str, identity: str) -> TrainingResult:
        rows = self._resume(folder, identity)
        failure = None
        board = TensorBoard(folder.tensorboard, len(rows) + 1) if self._is_first else None
        try:
            for epoch in range(len(rows) + 1, self._recipe.epochs + 1):
                if epoch > 1 and (epoch - 1) % self._epochs_in_cycle == 0:
                    self._restart()
                rows.append(self._one_epoch(data, epoch, label))
                self._keep(folder, identity, rows)
                if board is not None:
                    board.add(rows[-1])
                self._reporter.epoch_done(label, rows[-1], self._recipe.epochs)
            kept_epochs = _best_epochs(rows, self._epochs_in_cycle)
            if len(kept_epochs) > 1:
                self._take_average(data, label, kept_epochs)
            else:
                self._network.load_state_dict(self._best_of_cycles[0])
        except NonFiniteLossError as error:
            if not rows:
                raise UserError(
                    f"{label}: {error}; no epoch was finished, so there are no weights to keep"
                ) from None
            kept_epochs = (_best_epoch(rows),)
            self._network.load_state_dict(self._best_of_cycles[(kept_epochs[0] - 1) // self._epochs_in_cycle])
            failure = f"{error}; the weights of epoch {kept_epochs[0]} are kept"
            self._reporter.note(label, failure)
        finally:
            if board is not None:
                board.close()
        seconds = sum(row["seconds"] for row in rows)
        return TrainingResult(len(rows), kept_epochs, seconds, failure)

    @property
    def _is_first(self) -> bool:
        """Whether this process writes files."""
        return self._ranks.part.index == 0

    def _restart(self) -> None:
        """Begin a cycle from the best weights of the last; the optimiser's moments were those of others."""
        self._network.load_state_dict(self._best_of_cycles[-1])
        self._optimizer = _optimizer(self._network, self._recipe)

    def _take_average(self, data: TrainingData, label: str, epochs: tuple[int, ...]) -> None:
        """Take the average of the cycles' best weights."""
        epoch = self._recipe.epochs + 1
        generator = _seed_epoch(self._seed, epoch)
        images = (batch.inputs for batch in self._batches(data, epoch, generator))
        with self._ranks.whole_batch(self._images_in_batch(data)):
            average_weights(self._network, self._best_of_cycles, images)
        val_auc, _ = self._validate(data.val, "the average")
        self._reporter.note(
            label,
            f"the average of epochs {', '.join(map(str, epochs))} is kept, validation AUC {val_auc:.4f}",
        )

    def _one_epoch(self, data: TrainingData, epoch: int, label: str) -> EpochRow:
        start = time.perf_counter()
        losses, rate = self._train_epoch(data, epoch, label)
        val_auc, by_source = self._validate(data.val, f"epoch {epoch}")
        named = {f"train_{name}": value for name, value in losses.items() if name != "total"}
        return {
            "epoch": epoch,
            "learning_rate": rate,
            "train_loss": losses["total"],
            **named,
            "val_auc": val_auc,
            **by_source,
            "seconds": time.perf_counter() - start,
        }

    def _train_epoch(self, data: TrainingData, epoch: int, label: str) -> tuple[dict[str, float], float]:
        recipe = self._recipe
        generator = _seed_epoch(self._seed, epoch)
        count = batches_in_epoch(len(data.train), recipe.batch_size)
        totals: dict[str, Tensor] = {}
        rate = 0.0
        self._network.train()
        for i, batch in enumerate(self._batches(data, epoch, generator)):
            rate = learning_rate(
                (epoch - 1) % self._epochs_in_cycle * count + i,
                base=recipe.learning_rate,
                steps=self._epochs_in_cycle * count,
                warmup=round(recipe.warmup_epochs * count),
                kind=recipe.schedule,
            )
            losses = self._step(batch, rate, self._images_in_batch(data))
            if not torch.isfinite(losses["total"]):
                raise NonFiniteLossError(
                    f"the loss is {losses['total'].item()} in epoch {epoch}, batch {i + 1}"
                )
            for name, value in losses.items():
                totals[name] = totals.get(name, torch.zeros_like(value)) + value.detach()
            self._reporter.batch_done(label, epoch, recipe.epochs, (i + 1) / count)
        return {name: float(value) / count for name, value in totals.items()}, rate

    def _batches(self, data: TrainingData, epoch: int, generator: torch.Generator) -> Iterator[_Batch]:
        """This process's part of an epoch, on the device."""
        part, views = self._ranks.part, data.views
        draws = generator if part == WHOLE else PartOfDraws(generator, self._images_in_batch(data), part)
        size = self._info.input.size
        train = data.train if views is None else views.labelled(data.train, epoch, size)
        logits = None
        if views is not None and data.teacher_logits is not None and self._objective.needs_teacher:
            logits = torch.from_numpy(data.teacher_logits[views.index(epoch)])
        asks = self._teacher is not None and views is None
        sizes = (size, train.size) if asks else (size,)
        for pixels, labels, positions in batches(train, self._recipe.batch_size, generator, part):
            images = pixels.to(self._device, non_blocking=True).permute(0, 3, 1, 2).float() / 255
            seen = (images,) if views is not None else data.augment(images, draws, *sizes)
            yield _Batch(
                self._normalised(seen[0]),
                self._normalised(seen[-1]) if asks else None,
                labels.to(self._device, non_blocking=True),
                None if logits is None else logits[positions].to(self._device, non_blocking=True),
            )

    def _normalised(self, images: Tensor) -> Tensor:
        return normalise(images, self._info.input).contiguous(memory_format=torch.channels_last)

    def _images_in_batch(self, data: TrainingData) -> int:
        return images_in_batch(len(data.train), self._recipe.batch_size)

    def _step(self, own: _Batch, rate: float, batch: int) -> Losses:
        """Train on this process's part of a batch of ``batch`` images."""
        teacher_logits = own.teacher_logits
        with _mixed_precision(self._device), self._ranks.whole_batch(batch):
            if own.of_teacher is not None:
                assert self._teacher is not None
                teacher_logits = self._teacher(own.of_teacher).float()
            student_logits = self._steps(own.inputs).float()
        gather = self._ranks.gather
        losses = self._objective(
            student_logits=gather(student_logits, batch),
            teacher_logits=None if teacher_logits is None else gather(teacher_logits, batch),
            labels=gather(own.labels, batch),
        )
        self._optimizer.zero_grad(set_to_none=True)
        self._ranks.backward(losses["total"])
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        return losses

    def _validate(self, val: LabelledPixels, whose: str) -> tuple[float, dict[str, float]]:
        """The validation AUC, and that of each source where there are several: ``val_auc_<source>``."""
        melanoma = self._info.classes.index(MELANOMA)
        predictor = TorchPredictor(self._network, self._info, self._device)
        own = val.rows[self._ranks.part.of(len(val))]
        probabilities = self._ranks.concatenate(predict_in_batches(predictor, val.pixels, own))
        probability = probabilities[:, melanoma]
        if not np.isfinite(probability).all():
            raise NonFiniteLossError(f"the validation probabilities of {whose} are not finite")
        label = val.labels == melanoma
        parts = val.by_source()
        by_source = {
            f"val_auc_{name}": auc(label[rows], probability[rows])
            for name, rows in (parts.items() if len(parts) > 1 else ())
        }
        return auc(label, probability), by_source

    def _keep(self, folder: ModelFolder, identity: str, rows: list[EpochRow]) -> None:
        """Store an epoch: the checkpoint first, because the history can be made from it again."""
        if _best_epochs(rows, self._epochs_in_cycle)[-1] == len(rows):
            weights = {name: tensor.clone() for name, tensor in self._network.state_dict().items()}
            self._best_of_cycles[(len(rows) - 1) // self._epochs_in_cycle :] = [weights]
        self._ranks.first(lambda: self._write(folder, identity, rows))

    def _write(self, folder: ModelFolder, identity: str, rows: list[EpochRow]) -> None:
        save_state(
            folder.checkpoint,
            {
                "identity": identity,
                "network": self._network.state_dict(),
                "optimizer": self._optimizer.state_dict(),
                "rows": rows,
                "best_of_cycles": self._best_of_cycles,
            },
        )
        write_history(folder.history, rows)

    def _resume(self, folder: ModelFolder, identity: str) -> list[EpochRow]:
        state = self._ranks.first(lambda: _begun(folder, identity))
        if state is None:
            return []
        self._network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        rows: list[EpochRow] = state["rows"]
        self._best_of_cycles = state["best_of_cycles"]
        return rows


def _begun(folder: ModelFolder, identity: str) -> dict[str, Any] | None:
    """What the folder's checkpoint holds; None where there is none. The history is written anew."""
    state = load_state(folder.checkpoint)
    if state is None:
        return None
    if state["identity"] != identity:
        raise UserError(f"{folder.checkpoint}: of another training; delete it or choose another run folder")
    write_history(folder.history, state["rows"])
    best = state.get("best_of_cycles") or [_best_before(folder, state)]
    return {**state, "best_of_cycles": best}


def _best_before(folder: ModelFolder, state: dict[str, Any]) -> Weights:
    """The best weights of a training that an older version began: it kept them in the weights file."""
    if _best_epoch(state["rows"]) == len(state["rows"]):
        weights: Weights = state["network"]
        return weights
    return load_weights(folder.weights)[0].state_dict()


def normalise(images: Tensor, spec: InputSpec) -> Tensor:
    """``InputSpec.normalise`` of images ``(N, 3, S, S)``, float in [0, 1], on the device; never smoothed."""
    mean = torch.tensor(spec.mean, device=images.device).view(1, 3, 1, 1)
    std = torch.tensor(spec.std, device=images.device).view(1, 3, 1, 1)
    return (images - mean) / std


def _best_epoch(rows: Sequence[EpochRow]) -> int:
    """The epoch with the highest validation AUC, counted from 1; of equals the first."""
    return 1 + max(range(len(rows)), key=lambda i: rows[i]["val_auc"])


def _best_epochs(rows: Sequence[EpochRow], in_cycle: int) -> tuple[int, ...]:
    """The best epoch of every cycle that has begun, counted from 1 over all of them."""
    starts = range(0, len(rows), in_cycle)
    return tuple(start + _best_epoch(rows[start : start + in_cycle]) for start in starts)


def _optimizer(network: nn.Module, recipe: TrainingRecipe) -> torch.optim.Optimizer:
    parameters = [p for p in network.parameters() if p.requires_grad]
    rate, decay = recipe.learning_rate, recipe.weight_decay
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay)
    if recipe.optimizer == "adam":
        return torch.optim.Adam(parameters, lr=rate, weight_decay=decay)
    # Keras' constants: the published recipe says `adadelta` and means them.
    return torch.optim.Adadelta(parameters, lr=rate, rho=0.95, eps=1e-7, weight_decay=decay)


def _seed_epoch(seed: int, epoch: int) -> torch.Generator:
    """Seed dropout (the global generator) and give a generator for order and augmentation."""
    for_dropout, for_data = np.random.SeedSequence([seed, epoch]).generate_state(2)
    torch.manual_seed(int(for_dropout))
    return torch.Generator().manual_seed(int(for_data))


def _mixed_precision(device: torch.device) -> AbstractContextManager[object]:
    """bfloat16 on GPUs that have it: half the memory and time, and its range needs no loss scaling."""
    enabled = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled)
