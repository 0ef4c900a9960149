"""Worker processes behind one queue: one that dies or hangs costs the file that it had, and is replaced.

A thread for each worker gives it one task at a time, waits, and ends it when it takes too long.
"""

import multiprocessing
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

from dermdistill.errors import UserError
from dermdistill.inference.model import Model
from dermdistill.server.worker import END, READY, Task, send, work

_START_SECONDS = 120
_LOOK_SECONDS = 0.5
"""How long a worker that died without work is not noticed."""
_RETRY_SECONDS = 1.0
_END_SECONDS = 5.0
_MOST_PART_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker gave.

    Attributes:
        parts: as ``worker.Task.kind`` says.
        failure: why the last part is missing; None where all are there.
    """

    parts: list[bytes]
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    task: Task
    content: bytes
    answer: "Future[Answer]"


@dataclass(slots=True)
class Pool:
    """Workers that answer tasks in the order in which they come.

    Attributes:
        model: a copy of it goes to every worker.
        size: how many workers.
        memory: bytes that a task may take.
        ended: told the exit code of a worker that had to be replaced, by the thread that noticed it.
    """

    model: Model
    size: int
    memory: int
    ended: Callable[[int], None]
    _jobs: "queue.SimpleQueue[_Job | None]" = field(default_factory=queue.SimpleQueue)
    _threads: list[threading.Thread] = field(default_factory=list)
    _ready: set[int] = field(default_factory=set)
    _closed: threading.Event = field(default_factory=threading.Event)

    @property
    def ready(self) -> int:
        """How many workers can take a task, or have one."""
        return len(self._ready)

    @property
    def waiting(self) -> int:
        """How many tasks no worker has taken yet."""
        return self._jobs.qsize()

    def start(self) -> None:
        """Start all workers, and wait for them.

        Raises:
            UserError: one cannot be started.
        """
        started: list[Future[None]] = [Future() for _ in range(self.size)]
        for number, future in enumerate(started):
            self._threads.append(threading.Thread(target=self._run, args=(number, future), daemon=True))
            self._threads[-1].start()
        for future in started:
            future.result()

    def submit(self, task: Task, content: bytes) -> "Future[Answer]":
        """Put a task into the queue; one that is cancelled before a worker has it is never done."""
        job = _Job(task, content, Future())
        self._jobs.put(job)
        return job.answer

    def close(self) -> None:
        """End all workers; tasks that no worker has are never answered."""
        self._closed.set()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self, number: int, started: "Future[None]") -> None:
        while not self._closed.is_set():
            try:
                worker = _Worker(self.model, self.memory)
            except UserError as error:
                if not started.done():
                    started.set_exception(error)
                    return
                time.sleep(_RETRY_SECONDS)
                continue
            if not started.done():
                started.set_result(None)
            self._ready.add(number)
            self._give_work(worker)
            self._ready.discard(number)
            code = worker.end()
            if not self._closed.is_set():
                self.ended(code)

    def _give_work(self, worker: "_Worker") -> None:
        """One task after the other, until the worker has died or the pool is closed."""
        while worker.is_alive:
            try:
                job = self._jobs.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            if job is None:
                return
            if job.answer.set_running_or_notify_cancel():
                job.answer.set_result(worker.ask(job.task, job.content))


class _Worker:
    """A process and the pipe to it."""

    def __init__(self, model: Model, memory: int) -> None:
        # Spawned: it shall hold nothing of the server, other requests' photographs least of all.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(model, theirs, memory), daemon=True)
        self._is_late = False
        try:
            self._process.start()
            theirs.close()
            with self._ended_after(_START_SECONDS):
                is_ready = self._connection.recv_bytes() == READY
        except (OSError, EOFError):
            is_ready = False
        if not is_ready:
            raise UserError(
                f"a worker process could not be started (exit code {self.end()}); use fewer --workers"
            )

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def ask(self, task: Task, content: bytes) -> Answer:
        parts: list[bytes] = []
        try:
            with self._ended_after(task.seconds):
                send(self._connection, task, content)
                part = self._connection.recv_bytes(_MOST_PART_BYTES)
            while part != END:
                parts.append(part)
                if len(parts) > task.most:
                    raise OSError("more parts than there can be")
                with self._ended_after(task.seconds):
                    part = self._connection.recv_bytes(_MOST_PART_BYTES)
        except (OSError, EOFError):
            self._process.kill()
            self._process.join()
            return Answer(parts, self._why(task))
        return Answer(parts)

    def end(self) -> int:
        """Let the process end, or end it; returns its exit code."""
        self._connection.close()
        if self._process.pid is None:
            return -1
        self._process.join(_END_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        code = self._process.exitcode or 0
        self._process.close()
        return code

    def _why(self, task: Task) -> str:
        if self._is_late:
            return f"took longer than {task.seconds:g} s; scale it down, or save it as a JPEG or PNG"
        return (
            f"the process that decoded it ended (exit code {self._process.exitcode}); send it again, and if "
            "that does not help, save it as a JPEG or PNG"
        )

    @contextmanager
    def _ended_after(self, seconds: float) -> Iterator[None]:
        """Kill the process if this takes longer; whoever waits for its pipe then gets an error."""
        timer = threading.Timer(seconds, self._kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _kill(self) -> None:
        self._is_late = True
        self._process.kill()
