"""What a client sends costs it an answer, and nobody else anything."""

import random
import socket
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.browser.files import encoded, png_of_size
from tests.server.running import FORM, JPEG, PATIENCE, Response, Server, form


@pytest.fixture(autouse=True)
def _answers_afterwards(tight: Server, photographs: Path) -> Iterator[None]:
    yield
    assert tight.predict(photographs / "photo0.jpg").status == 200
    assert tight.process.poll() is None


def problem(answer: Response, status: int) -> str:
    """The detail of a problem of this status."""
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json["status"] == status
    detail: str = answer.json["detail"]
    assert "\n" not in detail
    return detail


def talk(server: Server, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Send pieces over a bare connection; what came back until the server closed it."""
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as connection:
        for piece in pieces:
            try:
                connection.sendall(piece)
            except OSError:
                break
            time.sleep(pause)
        received = b""
        try:
            while piece := connection.recv(65_536):
                received += piece
        except ConnectionResetError:
            pass
        return received


def head(length: int | str, *others: str, path: str = "/v1/predict") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: a", "Content-Type: image/jpeg", f"Content-Length: {length}"]
    return "\r\n".join([*lines, *others, "", ""]).encode()


def test_body_that_says_that_it_is_too_large_is_not_read(tight: Server) -> None:
    answer = talk(tight, head(200_001, "Connection: close"))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"the body is above the limit of 0.2 MB for a request; send fewer files at a time" in answer


def test_body_that_does_not_say_its_size(tight: Server) -> None:
    chunks = [b"ffff\r\n" + bytes(0xFFFF) + b"\r\n"] * 8
    begin = b"POST /v1/predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    assert b"413" in talk(tight, begin, *chunks, b"0\r\n\r\n")[:12]


def test_too_many_files(tight: Server) -> None:
    answer = tight.ask("POST", "/v1/predict", form([("a.jpg", b"1")] * 4), FORM)
    assert problem(answer, 413) == "the form: Too many files. Maximum number of files is 3."


def test_slow_headers(tight: Server) -> None:
    began = time.monotonic()
    assert talk(tight, *[b"GET / HTTP/1.1\r\n", *[b"X: y\r\n"] * 100], pause=0.1) == b""
    assert 1.9 < time.monotonic() - began < PATIENCE


def test_silent_connection(tight: Server) -> None:
    assert talk(tight) == b""


def test_slow_headers_of_a_second_request(tight: Server) -> None:
    first = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
    answer = talk(tight, first, *[b"GET / HTTP/1.1\r\n", *[b"X: y\r\n"] * 100], pause=0.1)
    assert answer.count(b"HTTP/1.1 ") == 1


def test_slow_body(tight: Server) -> None:
    answer = talk(tight, head(1000, "Connection: close"), *[b"x"] * 50, pause=0.1)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"the body was not complete after 2 s" in answer


def test_half_an_upload(tight: Server) -> None:
    before = len(tight.lines())
    with socket.create_connection(("127.0.0.1", tight.port), PATIENCE) as connection:
        connection.sendall(head(1000) + b"x" * 500)
    deadline = time.monotonic() + PATIENCE
    while not any(line["status"] == 499 for line in tight.lines()[before:]):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_more_requests_than_allowed_come_again_later(tight: Server, photographs: Path) -> None:
    open_ones = [socket.create_connection(("127.0.0.1", tight.port), PATIENCE) for _ in range(2)]
    for connection in open_ones:
        connection.sendall(head(10))
    deadline = time.monotonic() + 1.8
    while time.monotonic() < deadline:
        answer = tight.predict(photographs / "photo0.jpg")
        if answer.status == 429:
            break
    assert problem(answer, 429) == "2 requests are in progress; try again in 2 s or later"
    assert answer.headers["retry-after"] == "2"
    for connection in open_ones:
        connection.close()
    deadline = time.monotonic() + PATIENCE
    while tight.predict(photographs / "photo0.jpg").status != 200:
        assert time.monotonic() < deadline


def test_more_bytes_than_fit_come_again_later(tight: Server) -> None:
    with socket.create_connection(("127.0.0.1", tight.port), PATIENCE) as first:
        first.sendall(head(190_000) + bytes(180_000))
        time.sleep(0.3)
        answer = tight.ask("POST", "/v1/predict", bytes(150_000), JPEG)
    assert problem(answer, 429).startswith("the photographs of other requests fill the memory; try again")


@pytest.mark.parametrize(
    ("headers", "body", "status", "detail"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415, "Content-Type application/json: expected one of"),
        (JPEG | {"Content-Encoding": "gzip"}, zlib.compress(bytes(9)), 415, "Content-Encoding: expected"),
        ({"Content-Type": "multipart/form-data"}, b"x", 400, "the form: Missing boundary in multipart."),
        (FORM, b"x" * 50, 400, "the form: "),
        (FORM, form([("a.jpg", b"1")])[:-15], 400, "the form: ends before its last boundary"),
        (FORM, b"", 400, "the form: "),
        (FORM, b"--of-a-test--\r\n", 422, "the form holds no file"),
        (
            FORM,
            form([("a", b"1")]).replace(b'; filename="a"', b""),
            422,
            "the form's field 'files': expected",
        ),
        (FORM, form([("", b"1")]), 422, "image: not an image"),
        (JPEG, b"", 422, "image: the file is empty"),
    ],
)
def test_refuses(tight: Server, headers: dict[str, str], body: bytes, status: int, detail: str) -> None:
    assert problem(tight.ask("POST", "/v1/predict", body, headers), status).startswith(detail)


def test_bombs(tight: Server) -> None:
    """Files of some bytes that would be gigabytes of pixels, and one below the limit of pixels."""
    long = Image.fromarray(np.zeros((7_000, 7_100), np.uint8))
    for bomb in (
        png_of_size(60_000, 60_000),
        png_of_size(7_000, 7_000),
        encoded(long, "TIFF", compression="tiff_deflate"),
    ):
        answer = tight.ask("POST", "/v1/predict", bomb, JPEG)
        assert answer.status in (200, 422)
        assert answer.status == 200 or problem(answer, 422).startswith("image: ")


def test_noise(tight: Server) -> None:
    """Forms with random changes: an answer to each, none of them an error of the server."""
    rng = random.Random(0)
    honest = form([("a.jpg", encoded(Image.new("RGB", (40, 30), "tan"), "JPEG"))])
    for _ in range(200):
        changed = bytearray(honest)
        for _ in range(rng.randrange(1, 30)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        headers = rng.choice(
            [FORM, JPEG, {"Content-Type": "multipart/form-data; boundary=" + "-" * rng.randrange(80)}]
        )
        answer = tight.ask("POST", "/v1/predict", bytes(changed[: rng.randrange(len(changed) * 2)]), headers)
        assert answer.status in (200, 400, 413, 415, 422)
