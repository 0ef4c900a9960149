"""Worker processes that decode images in chunks and in order; they end with the process that started them."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Protocol

from dermdistill.errors import UserError
from dermdistill.records import ImageSource

CHUNK = 32
"""Images that a process decodes at a time."""

_WORTH_A_POOL = 256


class Chunk(Protocol):
    """Consecutive images of a data set; what a worker process is sent."""

    @property
    def images(self) -> Sequence[ImageSource]: ...

    def decode(self) -> list[UserError]:
        """Decode them; returns the error of each damaged image."""
        ...


Run = Callable[[Iterable[Chunk]], Generator[list[UserError], None, None]]
"""Decodes chunks in order; once it is closed, none is begun any more."""


@contextmanager
def runner(workers: int, images: int) -> Iterator[Run]:
    """What decodes chunks: this process where there are few images, or worker processes, started at once.

    Args:
        workers: how many processes at most; no more are started than there are chunks.
        images: how many there are to decode.

    Raises:
        UserError: a worker process died, or cannot be started.
    """
    workers = min(workers, -(-images // CHUNK))
    if workers <= 1 or images < _WORTH_A_POOL:
        yield lambda chunks: (chunk.decode() for chunk in chunks)
        return
    with pool(workers) as processes:
        yield lambda chunks: _in_pool(processes, chunks)


@contextmanager
def pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """So many processes that work on images, started at once; they end with this process.

    Raises:
        UserError: one died, or cannot be started.
    """
    # Spawned, not forked: a fork of a process in which torch has started threads can hang for ever.
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker) as processes:
            processes.submit(int)
            yield processes
    except BrokenProcessPool as error:
        raise UserError(
            "a process that works on images died: out of memory (use fewer workers), or started from "
            'standard input or a script without `if __name__ == "__main__":`'
        ) from error


def _in_pool(
    processes: ProcessPoolExecutor, chunks: Iterable[Chunk]
) -> Generator[list[UserError], None, None]:
    try:
        yield from processes.map(_decode, chunks)
    finally:
        processes.shutdown(cancel_futures=True)


def _decode(chunk: Chunk) -> list[UserError]:
    return chunk.decode()


def _start_worker() -> None:
    # Ctrl-C reaches the whole group; only the parent reports it, and then ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    """End this worker when the parent is killed: a pool's workers would otherwise wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
