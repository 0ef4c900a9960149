"""Worker processes behind one queue: one that dies or hangs costs the file that it had, and is replaced.

A thread for each worker gives it one task at a time and waits; one more thread ends workers that are late.
"""

import math
import multiprocessing
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace

from dermdistill.errors import UserError
from dermdistill.inference.model import Model
from dermdistill.server.worker import END, READY, TAKEN, Task, send, work

_START_SECONDS = 120
_LOOK_SECONDS = 0.25
"""How long a worker that died without work, or is late, is not noticed."""
_RETRY_SECONDS = 1.0
_END_SECONDS = 5.0
_MOST_PART_BYTES = 50_000_000
_HINT = "use fewer --workers, or give it more memory"


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
    is_second_try: bool = False


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
    _workers: "set[_Worker]" = field(default_factory=set)
    _ready: "set[_Worker]" = field(default_factory=set)
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
        self._threads = [threading.Thread(target=self._run, args=(each,), daemon=True) for each in started]
        self._threads.append(threading.Thread(target=self._watch, daemon=True))
        for thread in self._threads:
            thread.start()
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

    def _run(self, started: "Future[None]") -> None:
        job: _Job | None = None
        while not self._closed.is_set():
            worker = _Worker(self.memory)
            self._workers.add(worker)
            is_ready = worker.prepare(self.model)
            if is_ready:
                self._ready.add(worker)
                if not started.done():
                    started.set_result(None)
                job = self._give_work(worker, job)
                self._ready.discard(worker)
            self._workers.discard(worker)
            code = worker.end()
            if not started.done():
                started.set_exception(UserError(f"a worker process cannot start (exit code {code}); {_HINT}"))
                return
            if not self._closed.is_set():
                self.ended(code)
                self._closed.wait(0 if is_ready else _RETRY_SECONDS)

    def _give_work(self, worker: "_Worker", job: _Job | None) -> _Job | None:
        """One task after the other, until the worker has died or the pool is closed.

        Args:
            worker: does them.
            job: the first one; None for the next in the queue.

        Returns:
            A job that the worker died before.
        """
        while worker.is_alive:
            if job is not None:
                job = self._do(worker, job)
                continue
            try:
                job = self._jobs.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            if job is None:
                break
        return job

    def _do(self, worker: "_Worker", job: _Job) -> _Job | None:
        """Answer a job; the job again where the worker had died before it came, once."""
        if not job.is_second_try and not job.answer.set_running_or_notify_cancel():
            return None
        answer = worker.ask(job.task, job.content)
        if answer is None and not job.is_second_try:
            return replace(job, is_second_try=True)
        job.answer.set_result(answer or Answer([], worker.why(job.task)))
        return None

    def _watch(self) -> None:
        while not self._closed.wait(_LOOK_SECONDS):
            for worker in tuple(self._workers):
                worker.end_if_late()


class _Worker:
    """A process and the pipe to it; ``end`` it in any case."""

    def __init__(self, memory: int) -> None:
        # Spawned: it shall hold nothing of the server, other requests' photographs least of all.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs, memory), daemon=True)
        self._deadline, self._is_late = math.inf, False
        self._process.start()
        theirs.close()

    def prepare(self, model: Model) -> bool:
        """Give it the model; False where it does not get ready."""
        try:
            self._deadline = time.monotonic() + _START_SECONDS
            self._connection.send(
                model
            )  # not among the arguments: a start waits for ever if it is killed then
            return self._connection.recv_bytes() == READY
        except (OSError, EOFError):
            return False
        finally:
            self._deadline = math.inf

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def ask(self, task: Task, content: bytes) -> Answer | None:
        """The answer to a task; None where the process died before it had the task."""
        parts: list[bytes] = []
        is_taken = False
        try:
            self._deadline = time.monotonic() + task.seconds
            send(self._connection, task, content)
            is_taken = self._connection.recv_bytes() == TAKEN
            while (part := self._connection.recv_bytes(_MOST_PART_BYTES)) != END:
                self._deadline = time.monotonic() + task.seconds
                parts.append(part)
                if len(parts) > task.most:
                    raise OSError("more parts than there can be")
        except (OSError, EOFError):
            self._process.kill()
            self._process.join()
            return Answer(parts, self.why(task)) if is_taken or self._is_late else None
        finally:
            self._deadline = math.inf
        return Answer(parts)

    def end_if_late(self) -> None:
        """Kill the process if its task takes too long; the thread that waits for it then gets an error."""
        if time.monotonic() > self._deadline:
            self._is_late = True
            with suppress(ValueError):  # it has ended meanwhile
                self._process.kill()

    def end(self) -> int:
        """Let the process end, or end it; returns its exit code."""
        self._connection.close()
        self._process.join(_END_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        code = self._process.exitcode or 0
        self._process.close()
        return code

    def why(self, task: Task) -> str:
        """Why the process ended in the middle of a task."""
        if self._is_late:
            return f"took longer than {task.seconds:g} s; scale it down, or save it as a JPEG or PNG"
        return (
            f"the process that decoded it ended (exit code {self._process.exitcode}); send it again, and if "
            "that does not help, save it as a JPEG or PNG"
        )
