from collections.abc import Callable
from pathlib import Path

import pytest

from dermdistill.data import decoding_processes
from dermdistill.data.cache import decode_images
from dermdistill.data.decoding_processes import Chunk, runner
from dermdistill.data.images import ImageFile
from dermdistill.data.unusable import undecodable, unusable
from dermdistill.errors import SeveralError, UserError
from dermdistill.records import ImageSource, Record

Picture = Callable[..., Path]


@pytest.fixture
def images(tmp_path: Path, picture: Picture) -> list[ImageSource]:
    """Six good images; 1 is empty, 3 is gone and 4 is damaged."""
    paths = [picture(tmp_path / f"{index}.png", red=index) for index in range(6)]
    paths[1].write_bytes(b"")
    paths[3].unlink()
    paths[4].write_bytes(paths[4].read_bytes()[:50])
    return [ImageFile(path) for path in paths]


def errors(count: int) -> list[UserError]:
    return [UserError(f"image{i}: damaged") for i in range(count)]


def test_every_image_that_cannot_be_decoded_is_found(images: list[ImageSource], tmp_path: Path) -> None:
    found = [str(error).split(":")[0] for error in undecodable(images, workers=1, progress=False)]
    assert found == [str(tmp_path / f"{index}.png") for index in (1, 3, 4)]


def test_a_run_names_unreadable_and_damaged_images_at_once(images: list[ImageSource], tmp_path: Path) -> None:
    records = [Record(image.name, image, image.name, "nevus") for image in images]
    with pytest.raises(SeveralError) as caught:
        decode_images(records, 4, cache_dir=tmp_path / "cache", progress=False)
    assert "(and 2 more of the 6 images cannot be used)" in str(caught.value)
    named = {line.split(":")[0] for line in (str(caught.value), *caught.value.lines)}
    assert named == {str(tmp_path / f"{index}.png") for index in (1, 3, 4)}


def test_one_failure_is_itself(tmp_path: Path) -> None:
    (failure,) = errors(1)
    assert unusable([failure], of=5, folder=tmp_path) is failure


def test_a_few_are_all_shown(tmp_path: Path) -> None:
    error = unusable(errors(10), of=50, folder=tmp_path)
    assert isinstance(error, SeveralError)
    assert str(error) == "image0: damaged (and 9 more of the 50 images cannot be used)"
    assert error.lines == tuple(f"image{i}: damaged" for i in range(1, 10))
    assert list(tmp_path.iterdir()) == []


def test_many_are_listed_in_a_file(tmp_path: Path) -> None:
    error = unusable(errors(300), of=1000, folder=tmp_path)
    assert isinstance(error, SeveralError)
    (path,) = tmp_path.iterdir()
    assert str(error) == (
        f"image0: damaged (and 299 more of the 1000 images cannot be used; all are named in {path})"
    )
    assert error.lines == tuple(f"image{i}: damaged" for i in range(1, 10))
    assert path.read_text().splitlines() == [f"image{i}: damaged" for i in range(300)]


def test_many_are_all_shown_where_no_file_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    error = unusable(errors(30), of=1000, folder=tmp_path / "file")
    assert isinstance(error, SeveralError)
    assert len(error.lines) == 29


@pytest.mark.parametrize(
    ("workers", "images", "processes"),
    [(32, 500, 16), (4, 10_000, 4), (32, 256, 8), (32, 255, 0), (1, 500, 0)],
)
def test_never_more_processes_than_chunks(
    workers: int, images: int, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    class Pool:
        def __init__(self, count: int, **_: object) -> None:
            started.append(count)

        def __enter__(self) -> "Pool":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def submit(self, _: object) -> None:
            pass

    monkeypatch.setattr(decoding_processes, "ProcessPoolExecutor", Pool)
    with runner(workers, images):
        assert started == ([processes] if processes else [])


def test_without_processes_chunks_are_decoded_here(images: list[ImageSource]) -> None:
    class Counted:
        def __init__(self) -> None:
            self.images = images

        def decode(self) -> list[UserError]:
            return errors(2)

    chunks: list[Chunk] = [Counted(), Counted()]
    with runner(1, len(images)) as run:
        assert [len(found) for found in run(chunks)] == [2, 2]
