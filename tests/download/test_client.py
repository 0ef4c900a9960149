"""Transfers: resumed where that is safe, begun anew where it is not."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from dermdistill.download.client import TRIES, Client, DownloadError, Remote
from dermdistill.errors import UserError

from .server import Fault, Server

CONTENT = bytes(range(256)) * 8
MD5 = f"md5:{hashlib.md5(CONTENT).hexdigest()}"

Fetch = Callable[..., bytes]


@pytest.fixture
def fetch(server: Server, client: Client, tmp_path: Path) -> Fetch:
    """Fetch ``/file`` and give its content."""
    server.files["/file"] = CONTENT

    def call(size: int | None = None, checksum: str | None = None) -> bytes:
        client.fetch(
            Remote("file", f"{server.url}/file", size, checksum), tmp_path / "file", lambda done, total: None
        )
        return (tmp_path / "file").read_bytes()

    return call


def test_a_cut_transfer_goes_on_where_it_stopped(fetch: Fetch, server: Server, tmp_path: Path) -> None:
    server.faults["/file"].append(Fault(cut=1000))
    assert fetch(len(CONTENT), MD5) == CONTENT
    assert server.ranges("/file") == [None, "bytes=1000-"]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_progress_gives_new_tries(fetch: Fetch, server: Server) -> None:
    server.faults["/file"] += [Fault(cut=200)] * (2 * TRIES - 4)
    assert fetch() == CONTENT


def test_a_server_that_knows_no_ranges_begins_anew(fetch: Fetch, server: Server) -> None:
    server.faults["/file"] += [Fault(cut=1000), Fault(ignores_range=True)]
    assert fetch(len(CONTENT), MD5) == CONTENT


def test_a_file_that_changed_in_between_begins_anew(fetch: Fetch, server: Server) -> None:
    server.faults["/file"] += [Fault(cut=1000), *[Fault(cut=0)] * TRIES]
    with pytest.raises(UserError, match="the connection was cut"):
        fetch()
    server.files["/file"] = CONTENT[::-1]
    server.faults.clear()
    assert fetch() == CONTENT[::-1]


def test_a_part_longer_than_the_file_begins_anew(fetch: Fetch, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"x" * (len(CONTENT) + 5))
    assert fetch(checksum=MD5) == CONTENT


def test_a_part_of_something_else_is_found_by_the_checksum(fetch: Fetch, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"x" * 500)
    assert fetch(len(CONTENT), MD5) == CONTENT


def test_a_part_of_nobody_knows_which_version_begins_anew(
    fetch: Fetch, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "file.part").write_bytes(b"x" * 500)
    assert fetch() == CONTENT
    assert server.ranges("/file") == [None]


@pytest.mark.parametrize("etag", ["", 'W/"1"'], ids=["none", "weak"])
@pytest.mark.parametrize("date", ["", "Wed, 21 Oct 2015 07:28:00 GMT"], ids=["undated", "dated"])
def test_without_a_strong_etag_the_date_is_the_version(
    fetch: Fetch, server: Server, tmp_path: Path, etag: str, date: str
) -> None:
    server.faults["/file"] += [Fault(cut=1000, headers={"ETag": etag, "Last-Modified": date})]
    assert fetch() == CONTENT
    assert server.ranges("/file") == [None, "bytes=1000-" if date else None]


def test_another_part_than_the_one_asked_for(fetch: Fetch, server: Server, tmp_path: Path) -> None:
    wrong = Fault(status=206, headers={"Content-Range": f"bytes 3-{len(CONTENT) - 1}/{len(CONTENT)}"})
    server.faults["/file"] += [Fault(cut=1000), wrong]
    assert fetch() == CONTENT


def test_a_part_that_is_whole_is_not_fetched(fetch: Fetch, server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT)
    assert fetch(len(CONTENT), MD5) == CONTENT
    assert server.asked_for("/file") == 0


def test_waits_double(fetch: Fetch, server: Server, slept: list[float], said: list[str]) -> None:
    server.faults["/file"] += [Fault(status=500), Fault(status=502), Fault(status=504)]
    fetch()
    assert slept == [2.0, 4.0, 8.0]
    assert "answers 500 Internal Server Error; trying again in 2 s" in said[0]


def test_retry_after_is_a_date(fetch: Fetch, server: Server, slept: list[float]) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    server.faults["/file"].append(Fault(status=429, headers={"Retry-After": then}))
    fetch()
    assert 60 < slept[0] <= 90


@pytest.mark.parametrize(
    ("asked", "waited"), [("86400", 300.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", 2.0)]
)
def test_retry_after_has_its_bounds(
    fetch: Fetch, server: Server, slept: list[float], asked: str, waited: float
) -> None:
    server.faults["/file"].append(Fault(status=503, headers={"Retry-After": asked}))
    fetch()
    assert slept == [waited]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_not_repeated(fetch: Fetch, server: Server, status: int, slept: list[float]) -> None:
    server.faults["/file"].append(Fault(status=status))
    with pytest.raises(DownloadError, match=f"answers {status}"):
        fetch()
    assert slept == []


def test_a_secret_in_an_address_is_not_printed(server: Server, client: Client, tmp_path: Path) -> None:
    remote = Remote("file", f"{server.url}/gone?Signature=secret")
    with pytest.raises(DownloadError) as caught:
        client.fetch(remote, tmp_path / "file", lambda done, total: None)
    assert "secret" not in str(caught.value)


def test_position_is_told_from_where_the_transfer_goes_on(
    server: Server, client: Client, tmp_path: Path
) -> None:
    server.files["/file"] = CONTENT
    (tmp_path / "file.part").write_bytes(CONTENT[:1500])
    told: list[tuple[int, int | None]] = []
    remote = Remote("file", f"{server.url}/file", checksum=MD5)
    client.fetch(remote, tmp_path / "file", lambda done, total: told.append((done, total)))
    assert told[0] == (1500, len(CONTENT))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert told == sorted(told)
