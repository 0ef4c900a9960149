"""Which photographs a URL names, what is in them, and what becomes of those that a storage does not give."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dermdistill.errors import UserError
from dermdistill.inference import remote
from dermdistill.inference.inputs import Inputs
from dermdistill.inference.remote import Fetched, exists, fetched, listing, status
from dermdistill.inference.stream import score_files


@pytest.fixture
def bucket(memory: Any) -> Any:
    for name in (
        "b/2.jpg",
        "b/deep/1.PNG",
        "b/10.heic",
        "b/labels.csv",
        "b/.hidden.jpg",
        "b/x.tar",
        "b/README",
    ):
        memory.pipe_file(f"/{name}", name.encode())
    return memory


def plain(url: str) -> str:
    """In memory a path may begin with a slash or not."""
    return url.replace(":///", "://")


def test_a_prefix_names_all_photographs_below_it_in_order(bucket: Any) -> None:
    inputs = Inputs(("memory://b",))
    names = ["10.heic", "2.jpg", "deep/1.PNG", "x.tar"]
    assert [plain(url) for url in inputs] == [f"memory://b/{name}" for name in names]
    assert inputs.notes() == [
        "memory://b: left out 3 files that are no images: 1 .csv, 1 hidden, 1 without ending"
    ]
    assert inputs.count() == 4


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("memory://b/deep/", ["deep/1.PNG"]),
        ("memory://b/*.jpg", ["2.jpg"]),
        ("memory://b/2.jpg", ["2.jpg"]),
        ("memory://b/README", ["README"]),
        ("memory://b/x.tar", ["x.tar"]),
        ("memory://b/nowhere.jpg", ["nowhere.jpg"]),
    ],
)
def test_what_a_url_names(bucket: Any, url: str, names: list[str]) -> None:
    """A file that is named is given on, whatever its name, so that scoring says what is wrong with it."""
    assert [plain(found) for found in listing(url).photographs] == [f"memory://b/{name}" for name in names]


@pytest.mark.parametrize("url", ["https://host/a.jpg?key=[1]*", "http://host/photos/", "https://host/a?x=1"])
def test_a_web_server_is_asked_for_one_file(url: str) -> None:
    assert listing(url).photographs == (url,)


def test_a_prefix_without_photographs_is_one_line(bucket: Any) -> None:
    bucket.pipe_file("/empty/a.csv", b"")
    with pytest.raises(
        UserError, match=r"^memory://empty: no image file below this URL, only 1 \.csv; .*Parquet"
    ):
        list(Inputs(("memory://empty",)))
    with pytest.raises(UserError, match="no image file below this URL; "):
        list(Inputs(("memory://nowhere",)))


def test_what_is_fetched_comes_in_order(bucket: Any, tmp_path: Path) -> None:
    here = str(tmp_path / "a.jpg")
    paths = [here, "memory://b/2.jpg", "memory://b/deep/1.PNG", here, "memory://b/2.jpg"]
    found = list(fetched(paths))
    assert [file.path for file in found] == paths
    assert [file.content for file in found] == [None, b"b/2.jpg", b"b/deep/1.PNG", None, b"b/2.jpg"]


def test_what_is_not_there_is_an_error_and_not_asked_for_again(
    bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    (found,) = fetched(["memory://b/nowhere.jpg"])
    assert found.error == "memory://b/nowhere.jpg: cannot read the image (no such file)"
    assert not found.unreachable
    assert not slept


def failing(monkeypatch: pytest.MonkeyPatch, bucket: Any, times: int, error: Exception) -> list[float]:
    """Let the storage fail so often; how long is waited."""
    real: Callable[..., bytes] = type(bucket).cat_file
    slept: list[float] = []
    calls = 0

    def cat_file(self: Any, path: str, **limits: int) -> bytes:
        nonlocal calls
        calls += 1
        if calls <= times:
            raise error
        return real(self, path, **limits)

    monkeypatch.setattr(type(bucket), "cat_file", cat_file)
    monkeypatch.setattr("time.sleep", slept.append)
    return slept


def test_a_storage_that_does_not_answer_is_asked_again(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    slept = failing(monkeypatch, bucket, 2, OSError("slow\ndown"))
    assert list(fetched(["memory://b/2.jpg"])) == [Fetched("memory://b/2.jpg", b"b/2.jpg")]
    assert slept == [0.5, 2.0]


def test_a_storage_that_never_answers_is_an_error_of_its_own(
    bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, bucket, 9, OSError("slow\ndown"))
    (found,) = fetched(["memory://b/2.jpg"])
    assert found.error == "memory://b/2.jpg: the storage does not give it (slow down)"
    assert found.unreachable


def test_an_empty_file_of_which_no_range_can_be_had(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As S3 answers: InvalidRange."""
    bucket.pipe_file("/b/empty.jpg", b"")
    failing(monkeypatch, bucket, 9, OSError("InvalidRange"))
    assert list(fetched(["memory://b/empty.jpg"])) == [Fetched("memory://b/empty.jpg", b"")]


def test_a_file_too_large_for_a_photograph_is_not_kept(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "MAX_FILE_BYTES", 3)
    (found,) = fetched(["memory://b/2.jpg"])
    assert found.content is None
    assert found.error is not None
    assert "above the limit" in found.error


def test_size_and_existence(bucket: Any, tmp_path: Path) -> None:
    assert status("memory://b/2.jpg")[0] == 7
    assert status("memory://b/2.jpg")[1] > 0
    assert status("memory://b/nowhere") == (None, 0.0)
    assert exists("memory://b/2.jpg")
    assert not exists("memory://b/nowhere")
    (tmp_path / "dangling").symlink_to("nowhere")
    assert exists(str(tmp_path / "dangling"))
    assert not exists(str(tmp_path / "nowhere"))


def test_a_photograph_has_one_answer_by_path_and_by_url(
    memory: Any, photographs: Path, model_file: Path
) -> None:
    from dermdistill.inference.model import load

    model = load(model_file)
    files = [*sorted(photographs.iterdir()), photographs / "cut.jpg", photographs / "none.jpg"]
    (photographs / "cut.jpg").write_bytes(files[0].read_bytes()[:300])
    for file in files[:-1]:
        memory.pipe_file(f"/p/{file.name}", file.read_bytes())
    here = list(score_files(model, map(str, files), workers=2))
    there = list(score_files(model, (f"memory://p/{file.name}" for file in files), workers=2))
    assert [row.prediction for row in here] == [row.prediction for row in there]
    assert [row.file_bytes for row in here] == [row.file_bytes for row in there]
    assert [row.path for row in there] == [f"memory://p/{file.name}" for file in files]
    for one, other, file in zip(here, there, files, strict=True):
        assert (one.error is None) == (other.error is None)
        assert other.error is None or other.error.startswith(f"memory://p/{file.name}: ")
