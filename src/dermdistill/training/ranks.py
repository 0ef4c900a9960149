"""Several processes that train one network together (DistributedDataParallel), each on a part of every batch.

The figures are those of one process with the whole batch: batch norm and dropout see the whole of it
(``whole_batch``), and the objective is computed from the logits of all parts, by every process.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from dermdistill.data.draws import WHOLE, Part
from dermdistill.errors import UserError
from dermdistill.training.whole_batch import WholeBatch

Value = TypeVar("Value")

_LOST = re.compile(r"gloo|nccl|connection|peer|broken pipe|socket|timed out", re.IGNORECASE)


class RankDiedError(UserError):
    """Another process of the training has ended, so that none can go on."""


class Ranks(Protocol):
    """The processes of a training, as one of them sees them."""

    @property
    def part(self) -> Part:
        """The part of every batch that this process has; that of index 0 writes files and reports."""
        ...

    def wrap(self, network: nn.Module) -> nn.Module:
        """The network for training steps; its parameters become the same everywhere."""
        ...

    def whole_batch(self, images: int) -> AbstractContextManager[object]:
        """While a batch of so many images passes through a network in training."""
        ...

    def gather(self, rows: Tensor, images: int) -> Tensor:
        """The rows of all processes for a batch of so many images; gradients reach the own ones."""
        ...

    def backward(self, loss: Tensor) -> None:
        """Backward of a loss that every process computed from gathered logits."""
        ...

    def concatenate(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """The rows of all processes, in their order."""
        ...

    def first(self, function: Callable[[], Value]) -> Value:
        """Call a function in the first process alone; all have its result, or its error.

        Raises:
            Exception: of ``function``.
        """
        ...

    def watched(self) -> AbstractContextManager[object]:
        """Raises RankDiedError where a process of the others has ended."""
        ...


@dataclass(frozen=True, slots=True)
class Alone:
    """One process (see ``Ranks``)."""

    part: Part = WHOLE

    def wrap(self, network: nn.Module) -> nn.Module:
        return network

    def whole_batch(self, images: int) -> AbstractContextManager[object]:
        return nullcontext()

    def gather(self, rows: Tensor, images: int) -> Tensor:
        return rows

    def backward(self, loss: Tensor) -> None:
        loss.backward()  # type: ignore[no-untyped-call]

    def concatenate(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return rows

    def first(self, function: Callable[[], Value]) -> Value:
        return function()

    def watched(self) -> AbstractContextManager[object]:
        return nullcontext()


ALONE = Alone()


@dataclass(frozen=True, slots=True)
class Together:
    """Several processes, of which torch.distributed knows (see ``Ranks``)."""

    part: Part

    def wrap(self, network: nn.Module) -> nn.Module:
        with self.watched():
            return DistributedDataParallel(network)

    def whole_batch(self, images: int) -> AbstractContextManager[object]:
        return WholeBatch(images, self.part)

    def gather(self, rows: Tensor, images: int) -> Tensor:
        sizes = [_length(Part(i, self.part.count).of(images)) for i in range(self.part.count)]
        padded = torch.zeros((max(sizes), *rows.shape[1:]), dtype=rows.dtype, device=rows.device)
        padded[: len(rows)] = rows.detach()
        found = [torch.empty_like(padded) for _ in sizes]
        dist.all_gather(found, padded)
        parts = [part[:size] for part, size in zip(found, sizes, strict=True)]
        parts[self.part.index] = rows
        return torch.cat(parts)

    def backward(self, loss: Tensor) -> None:
        # Each process has the gradient of its own part, and DistributedDataParallel takes their mean.
        (loss * self.part.count).backward()  # type: ignore[no-untyped-call]

    def concatenate(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        found: list[Any] = [None] * self.part.count
        dist.all_gather_object(found, rows)
        return np.concatenate(found)

    def share(self, value: Value) -> Value:
        """The first process's value; those of the others do not count."""
        box: list[Any] = [value]
        with self.watched():
            dist.broadcast_object_list(box, src=0)
        shared: Value = box[0]
        return shared

    def first(self, function: Callable[[], Value]) -> Value:
        result: Value | Exception | None = None
        if self.part.index == 0:
            try:
                result = function()
            except Exception as error:  # all must know of it: they would wait for this process
                result = error
        shared = self.share(result)
        if self.part.index == 0 and isinstance(result, Exception):
            raise result  # with its cause, which is not sent
        if isinstance(shared, Exception):
            raise shared
        return shared  # type: ignore[return-value]

    @contextmanager
    def watched(self) -> Iterator[None]:
        try:
            yield
        except RankDiedError:
            raise
        except RuntimeError as error:
            if not _LOST.search(str(error)):
                raise
            raise RankDiedError(
                "another process of this training has ended; start the command again, with as many processes "
                "as you like: it goes on from the last finished epoch"
            ) from error


def _length(part: slice) -> int:
    return int(part.stop) - int(part.start)
