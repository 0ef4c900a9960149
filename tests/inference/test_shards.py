"""WebDataset shards."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dermdistill.inference.model import load
from dermdistill.inference.shards import members
from dermdistill.inference.stream import score_files

pytest.importorskip("pyarrow", reason="the extra storage is not installed")


def shard(contents: Mapping[str, bytes], compression: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{compression}") as archive:  # type: ignore[call-overload]
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize(("name", "compression"), [("s.tar", ""), ("s.tar.gz", "gz"), ("s.tgz", "gz")])
def test_photographs_of_a_shard_are_named_as_fsspec_does(memory: Any, name: str, compression: str) -> None:
    contents = {"a/1.jpg": b"one", "a/1.cls": b"0", "a/1.json": b"{}", "2.PNG": b"two", ".3.jpg": b"hidden"}
    memory.pipe_file(f"/b/{name}", shard(contents, compression))
    found = list(members(f"memory://b/{name}"))
    assert [(file.path, file.content) for file in found] == [
        (f"tar://a/1.jpg::memory://b/{name}", b"one"),
        (f"tar://2.PNG::memory://b/{name}", b"two"),
    ]


def test_a_shard_that_breaks_off_gives_what_it_has_and_an_error(memory: Any) -> None:
    whole = shard({"1.jpg": b"x" * 600, "2.jpg": b"y" * 60000})
    memory.pipe_file("/b/cut.tar", whole[:20000])
    *found, last = members("memory://b/cut.tar")
    assert [file.path for file in found] == ["tar://1.jpg::memory://b/cut.tar"]
    assert last.path == "memory://b/cut.tar"
    assert last.error is not None
    assert last.error.startswith("memory://b/cut.tar: the shard cannot be read to its end (")
    for content in (b"", b"no tar file" * 100):
        memory.pipe_file("/b/none.tar", content)
        (only,) = members("memory://b/none.tar")
        assert only.error is not None
    (missing,) = members("memory://b/nowhere.tar")
    assert missing.error is not None


def test_a_photograph_in_a_shard_is_scored_like_any(
    tmp_path: Path, photographs: Path, model_file: Path
) -> None:
    model = load(model_file)
    files = sorted(photographs.iterdir())
    path = tmp_path / "s.tar"
    path.write_bytes(shard({f"{i}/{file.name}": file.read_bytes() for i, file in enumerate(files)}))
    here = list(score_files(model, map(str, files), workers=1))
    there = list(score_files(model, [str(path)], workers=1))
    assert [row.prediction for row in there] == [row.prediction for row in here]
    assert [row.file_bytes for row in there] == [row.file_bytes for row in here]
    assert there[1].path == f"tar://1/{files[1].name}::{path}"
