from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dermdistill.errors import UserError
from dermdistill.evaluation.predictions import Predictions
from dermdistill.records import Pixels
from dermdistill.report.wrong import most_wrong, read_thumbnail, save_thumbnails, thumbnail_path
from dermdistill.runs import RunFolder

N, M = "nevus", "melanoma"


def table(diagnoses: Sequence[str], probabilities: Sequence[float], lesions: Sequence[str]) -> Predictions:
    return Predictions(
        image_id=tuple(f"i{row}" for row in range(len(diagnoses))),
        lesion_id=tuple(lesions),
        split=("test",) * len(diagnoses),
        diagnosis=tuple(diagnoses),
        probability=np.array(probabilities, dtype=float),
    )


def test_high_others_then_low_melanomas() -> None:
    predictions = table([N, M, N, M, N, M], [0.2, 0.9, 0.8, 0.1, 0.5, 0.3], "abcdef")
    assert most_wrong(predictions, 4) == [2, 4, 3, 5]
    assert most_wrong(predictions, 3) == [2, 4, 3]
    assert most_wrong(predictions, 0) == []


def test_fewer_images_than_asked_for() -> None:
    assert most_wrong(table([N, M, N], [0.1, 0.5, 0.4], "abc"), 10) == [2, 0, 1]
    assert most_wrong(table([N, N], [0.1, 0.4], "ab"), 10) == [1, 0]
    assert most_wrong(table([], [], []), 10) == []


def test_one_image_a_lesion_and_ties_in_table_order() -> None:
    predictions = table([N, N, N, N], [0.7, 0.9, 0.8, 0.8], "aabc")
    assert most_wrong(predictions, 8) == [1, 2, 3]


@pytest.mark.parametrize(
    "image_id",
    ["ISIC_0000001", "../../etc/passwd", "/abs", "a\x00b", "", ".", "CON", "ä" * 500, "a b\n", "\ud800"],
)
def test_any_id_gives_a_file_name_inside_the_folder(tmp_path: Path, image_id: str) -> None:
    run = RunFolder(tmp_path)
    path = thumbnail_path(run, image_id)
    assert path.parent == tmp_path / "thumbnails"
    assert path.name.isascii()
    assert len(path.name) < 80
    save_thumbnails(run, [image_id], lambda _: [np.zeros((4, 4, 3), dtype=np.uint8)])
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_ids_that_look_alike_have_files_of_their_own(tmp_path: Path) -> None:
    ids = ["a/b", "a_b", "a\\b", "A_B", "a_b ", "x" * 100, "x" * 101]
    names = {thumbnail_path(RunFolder(tmp_path), image_id).name.lower() for image_id in ids}
    assert len(names) == len(ids)


def test_thumbnails_keep_shape_and_colour(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)

    def images(image_ids: Sequence[str]) -> list[Pixels]:
        shapes = {"wide": (100, 400, 3), "small": (20, 10, 3)}
        return [np.full(shapes[image_id], (200, 100, 50), dtype=np.uint8) for image_id in image_ids]

    save_thumbnails(run, ["wide", "small"], images)
    with Image.open(thumbnail_path(run, "wide")) as wide, Image.open(thumbnail_path(run, "small")) as small:
        assert (wide.format, wide.size, small.size) == ("JPEG", (128, 32), (10, 20))
        assert np.abs(np.asarray(wide).astype(int) - (200, 100, 50)).max() <= 3
    assert read_thumbnail(run, "wide") == thumbnail_path(run, "wide").read_bytes()


def test_a_thumbnail_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_thumbnail(RunFolder(tmp_path), "a") is None


@pytest.mark.parametrize("kind", ["empty", "text", "png", "cut", "large"])
def test_what_is_no_thumbnail_is_refused(tmp_path: Path, kind: str) -> None:
    run = RunFolder(tmp_path)
    save_thumbnails(run, ["a"], lambda _: [np.zeros((64, 64, 3), dtype=np.uint8)])
    path = thumbnail_path(run, "a")
    if kind == "png":
        Image.new("RGB", (8, 8)).save(path, "PNG")
    elif kind == "large":
        Image.new("RGB", (129, 8)).save(path, "JPEG")
    else:
        path.write_bytes({"empty": b"", "text": b"<script>", "cut": path.read_bytes()[:-200]}[kind])
    with pytest.raises(UserError) as caught:
        read_thumbnail(run, "a")
    assert str(caught.value).startswith(f"{path}: not a whole JPEG of at most 128 x 128 pixels")
