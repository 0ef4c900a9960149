"""Start or join the processes that train together: those of torchrun, or helpers of this process."""

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import NoReturn

import numpy as np
import torch
import torch.distributed as dist

from dermdistill.data.draws import Part
from dermdistill.messages import Verbosity, set_verbosity
from dermdistill.training.job import Pixels, assist
from dermdistill.training.memory import keep_freed_memory
from dermdistill.training.ranks import RankDiedError, Together

# The first process may decode and judge for hours meanwhile; a process that ends is noticed without it.
_PATIENCE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class PixelFiles:
    """Decoded images in files that all processes see (see ``job.PixelSource``)."""

    folder: Path
    sizes: tuple[int, ...]

    @classmethod
    def write(cls, folder: Path, pixels: Pixels) -> "PixelFiles":
        """A file of each size in a folder."""
        files = cls(folder, tuple(pixels))
        for size, of_size in pixels.items():
            np.save(files._path(size), of_size)
        return files

    def read(self) -> Pixels:
        """Memory maps."""
        return {size: np.load(self._path(size), mmap_mode="r") for size in self.sizes}

    def _path(self, size: int) -> Path:
        return self.folder / f"{size}px.npy"


def started_by_torchrun() -> bool:
    """Whether this is one of several processes that torchrun started for one command."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1 and {"RANK", "LOCAL_RANK", "MASTER_ADDR"} <= set(
        os.environ
    )


def device_of_rank(device: torch.device) -> torch.device:
    """The GPU of this process among those of its machine, where GPUs train."""
    return torch.device("cuda", int(os.environ["LOCAL_RANK"])) if device.type == "cuda" else device


@contextmanager
def joined(device: torch.device) -> Iterator[Together]:
    """Be one of torchrun's processes while the block runs; all but the first are silent.

    Raises:
        RankDiedError: torchrun ended this process, because another one had ended.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        raise RankDiedError(
            "ended by torchrun, because another process had ended; start the command again, with as many "
            "processes as you like: it goes on from the last finished epoch"
        )

    signal.signal(signal.SIGTERM, stop)
    _select(device)
    dist.init_process_group(_backend(device), timeout=_PATIENCE)
    ranks = Together(Part(dist.get_rank(), dist.get_world_size()))
    if ranks.part.index:
        set_verbosity(Verbosity.QUIET)
    try:
        yield ranks
    finally:
        dist.destroy_process_group()


def says_it() -> bool:
    """Whether this process is the one that tells the user why the training ended; all others are silent."""
    try:
        store = dist.distributed_c10d._get_default_store()
        return store.add("dermdistill/said", 1) == 1
    except (RuntimeError, ValueError):
        return True


def leave(error: RankDiedError) -> NoReturn:
    """End this process, with one line if no other process has said it.

    Not as usual: PyTorch's clean-up would wait for the process that has ended.
    """
    if says_it():
        print(f"error: {error}", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(2)


@contextmanager
def helped(count: int, pixels: Pixels, device: torch.device) -> Iterator[Together]:
    """Train with ``count`` processes of this machine while the block runs, this one the first of them.

    Args:
        count: at least 2; each has a GPU of its own where ``device`` is one.
        pixels: the decoded images, which the helpers share.
        device: the kind of all.

    Raises:
        RankDiedError: a helper has ended.
    """
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="dermdistill-") as name:
        folder = Path(name)
        files = PixelFiles.write(folder, pixels)
        threads = torch.get_num_threads()
        arguments = [(index, count, folder, device.type, threads) for index in range(1, count)]
        helpers = [context.Process(target=_help, args=each, daemon=True) for each in arguments]
        for helper in helpers:
            helper.start()
        try:
            with _group(0, count, folder, device.type) as ranks:
                ranks.share(files)
                yield ranks
                ranks.share(None)
        finally:
            for helper in helpers:
                helper.join(10)
                helper.kill()
                helper.join()


def _help(index: int, count: int, folder: Path, kind: str, threads: int) -> None:
    """What a helper does."""
    set_verbosity(Verbosity.QUIET)
    keep_freed_memory()
    torch.set_num_threads(threads)
    device = torch.device(kind, index) if kind == "cuda" else torch.device(kind)
    try:
        with _group(index, count, folder, kind) as ranks:
            assist(ranks, device)
    except RankDiedError:
        return  # the first process says so


@contextmanager
def _group(index: int, count: int, folder: Path, kind: str) -> Iterator[Together]:
    device = torch.device(kind, index) if kind == "cuda" else torch.device(kind)
    _select(device)
    dist.init_process_group(
        _backend(device),
        init_method=(folder / "store").as_uri(),
        rank=index,
        world_size=count,
        timeout=_PATIENCE,
    )
    try:
        yield Together(Part(index, count))
    finally:
        dist.destroy_process_group()


def _select(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.set_device(device)


def _backend(device: torch.device) -> str:
    """On the processor gloo, by which objects are sent, and NCCL between GPUs."""
    return "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
