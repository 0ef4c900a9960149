"""Files behind URLs: what is read is what was written, and every error is one line."""

import os
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from dermdistill import storage
from dermdistill.errors import UserError


@pytest.fixture(params=["memory", "file", "path"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A folder of each kind."""
    yield {"memory": "memory://bucket", "file": tmp_path.as_uri(), "path": str(tmp_path)}[request.param]
    fsspec.filesystem("memory").store.clear()


def test_what_is_written_is_read(root: str, tmp_path: Path) -> None:
    url = storage.join(root, "a", "b.bin")
    assert storage.read(url) is None
    storage.write(url, b"one")
    storage.write(url, b"two")
    assert storage.read(url) == b"two"
    source = tmp_path / "source.bin"
    source.write_bytes(b"three")
    storage.upload(source, storage.join(root, "a", "c", "d.bin"))
    assert storage.names(storage.join(root, "a")) == ["b.bin", "c/d.bin"]
    storage.remove(url)
    storage.remove(url)
    assert storage.read(url) is None
    assert storage.names(storage.join(root, "nowhere")) == []


@pytest.mark.parametrize("text", ["s3://bucket/a.jpg", "https://host/a", "file:///a", "gs://b", "memory://x"])
def test_urls(text: str) -> None:
    assert storage.is_url(text)


@pytest.mark.parametrize("text", ["a.jpg", "/a/b.jpg", "C:\\a.jpg", "c://a", "a:b", "-", "", "://a", "1://a"])
def test_paths(text: str) -> None:
    assert not storage.is_url(text)


def test_an_unknown_scheme_is_one_line() -> None:
    with pytest.raises(UserError, match=r"^nope://a/b: not a storage that fsspec knows \(") as error:
        storage.read("nope://a/b")
    assert "\n" not in str(error.value)


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "pyarrow" else object())
    with pytest.raises(
        UserError, match=r"s3://a: needs fsspec and pyarrow: pip install 'dermdistill\[storage\]'"
    ):
        storage.open_storage("s3://a")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="cannot write"):
        storage.write(f"{tmp_path.as_uri()}/a", b"")
    tmp_path.chmod(0o700)


def test_what_a_storage_raises_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the token\nhas expired")

    for method in ("pipe_file", "cat_file", "find", "put_file"):
        monkeypatch.setattr(type(fsspec.filesystem("memory")), method, fail)
    url = "memory://bucket/a"
    for verb, call in (
        ("write", lambda: storage.write(url, b"")),
        ("read", lambda: storage.read(url)),
        ("list", lambda: storage.names(url)),
        ("write", lambda: storage.upload(Path("a"), url)),
    ):
        with pytest.raises(UserError, match=rf"^{url}: cannot {verb} \(the token has expired\)$"):
            call()
