"""A worker that dies or hangs costs the file that it had; the server goes on, and ends when told to."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.server.running import PATIENCE, Response, Server, running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for the workers in /proc")


@pytest.fixture(scope="module")
def one(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with one worker."""
    with running(tmp_path_factory.mktemp("one"), model_file, image_seconds=5) as started:
        yield started


@pytest.fixture
def ended(model_file: Path, tmp_path: Path) -> Iterator[Server]:
    """The same, for a test that ends it."""
    with running(tmp_path, model_file) as started:
        yield started


class Asked(threading.Thread):
    """A request in progress."""

    def __init__(self, server: Server, *paths: Path) -> None:
        super().__init__()
        self.server, self.paths = server, paths
        self.answer: Response | None = None
        self.start()

    def run(self) -> None:
        self.answer = self.server.predict(*self.paths)

    def result(self) -> Response:
        self.join(PATIENCE)
        assert self.answer is not None
        return self.answer


def waiting(server: Server) -> int:
    """How many files no worker has taken yet."""
    text = server.get("/metrics").body.decode()
    return int(float(text.partition("\ndermdistill_files_waiting ")[2].splitlines()[0]))


def ticks(pid: int) -> int:
    """Processor time of a process."""
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))


def worker_of(server: Server) -> int:
    """The only worker, when it is ready."""
    until(lambda: server.get("/health/ready").status == 200)
    (worker,) = server.workers()
    return worker


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_worker_killed_in_the_middle_costs_its_file_only(
    one: Server, photographs: Path, tmp_path: Path
) -> None:
    first, second, *_ = sorted(photographs.iterdir())
    worker, large = worker_of(one), tmp_path / "large.png"
    Image.new("RGB", (7_000, 7_000), "tan").save(large, compress_level=1)
    before = ticks(worker)
    requests = [Asked(one, large)]
    until(lambda: ticks(worker) > before + 5)  # it decodes
    os.kill(worker, signal.SIGSTOP)
    requests += [Asked(one, first), Asked(one, second)]
    until(lambda: waiting(one) == 2)
    os.kill(worker, signal.SIGKILL)
    answers = [request.result() for request in requests]
    assert [answer.status for answer in answers] == [422, 200, 200]
    assert answers[0].json["detail"].startswith("large.png: the process that decoded it ended (exit code -9)")
    assert answers[0].json["rows"][0]["path"] == "large.png"
    replaced = [line["exit_code"] for line in one.lines() if line["event"] == "worker_replaced"]
    assert replaced == [-9]
    assert b"\ndermdistill_worker_ends_total 1.0\n" in one.get("/metrics").body


def test_worker_that_hangs_is_ended(one: Server, photographs: Path) -> None:
    worker = worker_of(one)
    os.kill(worker, signal.SIGSTOP)
    answer = one.predict(photographs / "photo0.jpg")
    assert answer.status == 422
    assert answer.json["detail"].startswith("photo0.jpg: took longer than 5 s")
    assert one.predict(photographs / "photo0.jpg").status == 200


def test_worker_that_dies_without_work_costs_nobody(one: Server, photographs: Path) -> None:
    worker = worker_of(one)
    os.kill(worker, signal.SIGKILL)
    until(lambda: worker not in one.workers())
    assert one.predict(photographs / "photo0.jpg").status == 200


def test_files_that_a_dead_worker_had_not_begun_are_scored(one: Server, photographs: Path) -> None:
    paths = sorted(photographs.iterdir())
    worker = worker_of(one)
    os.kill(worker, signal.SIGSTOP)
    request = Asked(one, *paths)
    time.sleep(0.3)
    os.kill(worker, signal.SIGKILL)
    assert [(row["path"], row["error"]) for row in request.result().rows] == [
        (path.name, None) for path in paths
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_in_progress_are_answered_when_it_is_told_to_stop(
    ended: Server, photographs: Path, number: signal.Signals
) -> None:
    worker = worker_of(ended)
    os.kill(worker, signal.SIGSTOP)
    requests = [Asked(ended, path) for path in sorted(photographs.iterdir())]
    until(lambda: waiting(ended) >= 4)
    for pid in (ended.process.pid, worker):  # as Ctrl-C and some service managers do
        os.kill(pid, number)
    time.sleep(0.3)
    os.kill(worker, signal.SIGCONT)
    assert {request.result().status for request in requests} == {200}
    assert ended.process.wait(PATIENCE) == 0
    assert not Path(f"/proc/{worker}").exists()


def test_workers_end_with_a_server_that_is_killed(ended: Server) -> None:
    worker = worker_of(ended)
    ended.process.kill()
    until(lambda: not Path(f"/proc/{worker}").exists())
