"""HTTP as archives need it: transfers go on where they stopped, busy servers are waited for."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pooch
import requests

from dermdistill.errors import UserError, printable
from dermdistill.files import cannot_write

TRIES = 6
"""How often a file is asked for without a single new byte."""

WRONG = 2
"""How often a file is fetched as a whole that turns out wrong."""

_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT = 300.0
# What a cut may cost: the bytes of an incomplete chunk are lost.
_CHUNK = 1 << 15
# A compressed answer could neither be resumed nor compared with a published size.
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "dermdistill"}

Position = Callable[[int, int | None], None]
"""Told how many bytes of a file are here, and its size if that is known."""


class DownloadError(UserError):
    """A file that the server does not give; others of the data set may still come."""


class _TryAgainError(Exception):
    """This try failed.

    Attributes:
        wait: for how many seconds the server asked.
        most: after how many such failures to give up.
        gone: whether the server is, so that no other file would come either.
    """

    def __init__(
        self, reason: str, *, wait: float | None = None, most: int = TRIES, gone: bool = False
    ) -> None:
        super().__init__(reason)
        self.wait, self.most, self.gone = wait, most, gone


@dataclass(frozen=True, slots=True)
class Remote:
    """A file on a server.

    Attributes:
        name: of the file here.
        url: where it is.
        size: in bytes, where it is published.
        checksum: ``algorithm:digest``, where it is published.
    """

    name: str
    url: str
    size: int | None = None
    checksum: str | None = None


class Client:
    """Requests that are repeated; safe to use from several threads.

    Args:
        say: told why it waits.
        sleep: waits for so many seconds.
        timeout: seconds until a server that sends nothing counts as gone.
    """

    def __init__(
        self,
        say: Callable[[str], None],
        *,
        sleep: Callable[[float], None] = time.sleep,
        timeout: float = 60,
    ) -> None:
        self._say = say
        self._sleep = sleep
        self._timeout = timeout
        self._threads = threading.local()

    def json(self, url: str, what: str) -> Any:
        """The JSON that ``url`` answers with; ``what`` names it in messages.

        Raises:
            DownloadError: the server does not give it, or not as JSON.
        """
        tries = _Tries(what, self._say, self._sleep)
        while True:
            with tries, self._open(url) as response:
                try:
                    return response.json()
                except requests.JSONDecodeError:
                    raise DownloadError(
                        f"{what}: {_host(url)} answers with something else than JSON"
                    ) from None

    def fetch(self, remote: Remote, path: Path, position: Position) -> None:
        """Write a file to ``path``, through ``path`` with ``.part``, which a later call goes on with.

        Raises:
            DownloadError: the server does not give it, or it is not what was published.
            UserError: it cannot be written.
        """
        part = path.with_name(f"{path.name}.part")
        tries = _Tries(remote.name, self._say, self._sleep)
        while True:
            with tries, _writing(part):
                try:
                    self._go_on(remote, part, position)
                finally:
                    tries.progress(part.stat().st_size if part.exists() else 0)
                _check(remote, part)
                part.replace(path)
                _validator(part).unlink(missing_ok=True)
                return

    def _go_on(self, remote: Remote, part: Path, position: Position) -> None:
        have = part.stat().st_size if part.exists() else 0
        if have and have == remote.size:
            position(have, remote.size)
            return
        with self._open(remote.url, _rest(remote, part, have)) as response:
            if response.status_code == 416:
                _discard(part)
                raise _TryAgainError("the server has no such range")
            if "text/html" in response.headers.get("Content-Type", ""):
                raise DownloadError(
                    f"{remote.name}: {_host(remote.url)} answers with a web page; does a proxy want a login?"
                )
            start, total = _extent(response)
            if start != have:
                _discard(part)
                have = 0
            if start != have:
                raise _TryAgainError("the server sends another part than the one asked for")
            _check_room(part.parent, remote.name, total, have)
            _validator(part).write_text(_version(response))
            position(have, total)
            with part.open("ab") as handle:
                for chunk in response.iter_content(_CHUNK):
                    handle.write(chunk)
                    position(handle.tell(), total)
        if total is not None and part.stat().st_size != total:
            if part.stat().st_size > total:
                _discard(part)
            raise _TryAgainError("the connection was cut", gone=True)

    @contextmanager
    def _open(self, url: str, headers: dict[str, str] | None = None) -> Iterator[requests.Response]:
        try:
            with self._session().get(
                url, headers=headers, stream=True, timeout=(self._timeout, self._timeout)
            ) as response:
                if response.status_code in _BUSY:
                    raise _TryAgainError(f"{_host(url)} {_answer(response)}", wait=_retry_after(response))
                if response.status_code not in (200, 206, 416):
                    raise DownloadError(f"{printable(url.partition('?')[0])} {_answer(response)}")
                yield response
        except requests.exceptions.SSLError as error:
            raise DownloadError(
                f"{_host(url)}: its certificate cannot be verified ({printable(str(error))}); "
                "behind a proxy, let REQUESTS_CA_BUNDLE name the proxy's certificate"
            ) from None
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
        ) as error:
            raise _TryAgainError(_reason(error, url), gone=True) from None
        except requests.RequestException as error:
            raise DownloadError(f"{printable(url.partition('?')[0])}: {printable(str(error))}") from None

    def _session(self) -> requests.Session:
        if not hasattr(self._threads, "session"):
            self._threads.session = requests.Session()
            self._threads.session.headers.update(_HEADERS)
        session: requests.Session = self._threads.session
        return session


class _Tries:
    """Counts the tries of one file that brought nothing new, and waits between them."""

    def __init__(self, what: str, say: Callable[[str], None], sleep: Callable[[float], None]) -> None:
        self._what, self._say, self._sleep = what, say, sleep
        self._failed = 0
        self._furthest = 0

    def progress(self, size: int) -> None:
        """A file of this size is here; more than ever means that trying again is worth it."""
        if size > self._furthest:
            self._furthest, self._failed = size, 0

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        if not isinstance(error, _TryAgainError):
            return False
        self._failed += 1
        if self._failed >= error.most:
            kind = UserError if error.gone else DownloadError
            raise kind(
                f"{self._what}: {error}; tried {self._failed} times; repeat the command to go on"
            ) from None
        wait = min(_LONGEST_WAIT, 2.0**self._failed if error.wait is None else error.wait)
        self._say(f"{self._what}: {error}; trying again in {wait:g} s")
        self._sleep(wait)
        return True


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # An OSError too, but none of the disk.
        if isinstance(error, requests.RequestException):
            raise
        raise cannot_write(path, error) from error


def _rest(remote: Remote, part: Path, have: int) -> dict[str, str] | None:
    """Ask for the rest; for the whole if the file is another one by now, or may be one unnoticed."""
    version = _validator(part).read_text() if _validator(part).is_file() else ""
    if not have or not (version or remote.checksum):
        return None
    return {"Range": f"bytes={have}-"} | ({"If-Range": version} if version else {})


def _version(response: requests.Response) -> str:
    """What tells this version of a file from others, for ``If-Range``; empty if the server does not say."""
    etag = response.headers.get("ETag", "")
    # A weak one, W/"...", says nothing of the bytes.
    return etag if etag.startswith('"') else response.headers.get("Last-Modified", "")


def _extent(response: requests.Response) -> tuple[int, int | None]:
    """The first byte that comes, and the size of the whole file if the server says it."""
    if response.status_code == 206:
        begin, _, total = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        first = begin.partition("-")[0]
        if not first.isdecimal():
            raise _TryAgainError("the server does not say which part it sends")
        return int(first), int(total) if total.isdecimal() else None
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isdecimal() else None


def _check(remote: Remote, part: Path) -> None:
    size = part.stat().st_size
    wrong = ""
    if remote.size is not None and size != remote.size:
        wrong = f"it has {size:,} bytes, but {remote.size:,} are published"
    elif remote.checksum is not None:
        algorithm, _, published = remote.checksum.partition(":")
        found = pooch.file_hash(str(part), alg=algorithm)
        if found != published.lower():
            wrong = f"its {algorithm} is {found}, but {published} is published"
    if wrong:
        _discard(part)
        raise _TryAgainError(wrong, most=WRONG)


def _check_room(folder: Path, name: str, total: int | None, have: int) -> None:
    free = shutil.disk_usage(folder).free
    if total is not None and total - have > free:
        raise UserError(
            f"{folder}: {name} needs {(total - have) / 1e9:.1f} GB more, but {free / 1e9:.1f} GB are free; "
            "free some space and repeat the command"
        )


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _validator(part).unlink(missing_ok=True)


def _validator(part: Path) -> Path:
    """Where it is kept which version of the file the part belongs to."""
    return part.with_name(f"{part.name}.version")


def _retry_after(response: requests.Response) -> float | None:
    """Seconds; the header holds them, or a date."""
    value = response.headers.get("Retry-After", "")
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def _answer(response: requests.Response) -> str:
    return f"answers {response.status_code} {response.reason}".rstrip()


def _reason(error: requests.RequestException, url: str) -> str:
    if isinstance(error, requests.Timeout):
        return f"{_host(url)} does not answer"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was cut"
    return f"{_host(url)} cannot be reached"


def _host(url: str) -> str:
    return url.split("/")[2]
