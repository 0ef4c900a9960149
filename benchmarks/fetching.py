"""Processor time that clients of S3 spend on one photograph, beside that of decoding and scoring it.

    pip install s3fs obstore
    python -m benchmarks.fetching --images FOLDER

A server on this machine, a process of its own, gives the same photograph for every key. Each client reads 400
keys, 32 at a time. Shown: milliseconds of this process a photograph, and the requests that the server saw.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.bulk_scoring import KEYS
from benchmarks.common import Spread, images_of, interleaved, machine, table
from dermdistill.data.decoding.limits import MAX_FILE_BYTES
from dermdistill.inference.model import load

_COUNT = 400
_AT_ONCE = 32
_SEEN = "/seen"


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    files = images_of(arguments.images, _COUNT)
    if arguments.serve:
        _serve(files[0].read_bytes())
        return
    model = load()
    with _server(arguments.images) as url:
        clients = {"s3fs": _s3fs(url), "pyarrow": _pyarrow(url), "obstore": _obstore(url)}
        # Connections, endpoints and credentials are made once.
        for client in clients.values():
            _milliseconds(client)
        requests = {name: _requests(url, client) for name, client in clients.items()}
        contenders: dict[str, Callable[[], float]] = {
            "decode and score": partial(_scoring, model.predict_file, files),
            **{name: partial(_milliseconds, client) for name, client in clients.items()},
        }
        found = interleaved(contenders, arguments.rounds)
    print(machine())
    rows = [(name, Spread.of(ms).text(2), requests.get(name, "")) for name, ms in found.items()]
    print(table([("", "processor ms", "requests"), *rows]))


def _scoring(predict: Callable[[Path], object], files: list[Path]) -> float:
    begin = time.process_time()
    for file in files:
        predict(file)
    return (time.process_time() - begin) / len(files) * 1000


def _milliseconds(client: Callable[[str], bytes]) -> float:
    begin = time.process_time()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(client, (f"{number}.jpg" for number in range(_COUNT))))
    return (time.process_time() - begin) / _COUNT * 1000


def _requests(url: str, client: Callable[[str], bytes]) -> str:
    _seen(url)
    client("one.jpg")
    return ", ".join(f"{times} {method}" for method, times in _seen(url).items())


def _seen(url: str) -> dict[str, int]:
    with urllib.request.urlopen(url + _SEEN) as answer:
        seen: dict[str, int] = json.load(answer)
    return seen


# Clients.


def _s3fs(url: str) -> Callable[[str], bytes]:
    import s3fs

    system = s3fs.S3FileSystem(client_kwargs={"endpoint_url": url})
    return lambda key: system.cat_file(f"bucket/{key}", start=0, end=MAX_FILE_BYTES + 1)


def _pyarrow(url: str) -> Callable[[str], bytes]:
    import pyarrow.fs as arrow

    system = arrow.S3FileSystem(endpoint_override=url.removeprefix("http://"), scheme="http")

    def read(key: str) -> bytes:
        with system.open_input_file(f"bucket/{key}") as handle:
            content: bytes = handle.read()
        return content

    return read


def _obstore(url: str) -> Callable[[str], bytes]:
    import obstore
    from obstore.store import S3Store

    store = S3Store("bucket", endpoint=url, client_options={"allow_http": True})
    return lambda key: bytes(obstore.get(store, key).bytes())


# The server.


@contextmanager
def _server(images: Path) -> Iterator[str]:
    os.environ.update(KEYS)
    command = [sys.executable, "-m", "benchmarks.fetching", "--images", str(images), "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def _serve(content: bytes) -> None:
    """Give the content for every path until killed; the port is printed."""
    seen: Counter[str] = Counter()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == _SEEN:
                body = json.dumps(seen).encode()
                seen.clear()
            else:
                body = content
                seen["GET"] += 1
            self._send(body)
            self.wfile.write(body)

        def do_HEAD(self) -> None:
            seen["HEAD"] += 1
            self._send(content)

        def _send(self, body: bytes) -> None:
            self.send_response(206 if self.headers.get("Range") else 200)
            for name, value in (
                ("Content-Length", str(len(body))),
                ("Content-Range", f"bytes 0-{len(body) - 1}/{len(body)}"),
                ("ETag", '"one"'),
                ("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT"),
            ):
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 4 * _AT_ONCE

    server = Server(("127.0.0.1", 0), Answer)
    print(server.server_port, flush=True)
    server.serve_forever()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=Path, required=True, help="a folder of JPEGs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
