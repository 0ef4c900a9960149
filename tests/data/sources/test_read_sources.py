from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dermdistill.data.sources import read_source, read_sources
from dermdistill.errors import UserError
from dermdistill.reading import Reading

Picture = Callable[..., Path]


def test_no_such_path(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere: no such file or folder"):
        read_sources([tmp_path / "nowhere"])


def test_an_unknown_layout_says_what_is_there_and_what_would_do(tmp_path: Path, picture: Picture) -> None:
    picture(tmp_path / "holiday" / "beach.jpg")
    picture(tmp_path / "work" / "desk.jpg")
    with pytest.raises(UserError) as caught:
        read_sources([tmp_path])
    assert str(caught.value) == (
        f"{tmp_path}: not a known layout: it holds the folders holiday (1 image), work (1 image), none a "
        "diagnosis; --positive NAME says which is melanoma; or name folders by diagnosis (melanoma, nevus), "
        "or write a CSV such as image,diagnosis / photo1.jpg,melanoma"
    )


def test_a_file_that_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "data.zip").write_bytes(b"PK")
    with pytest.raises(UserError, match=r"data\.zip: not a CSV; expected a folder or a CSV"):
        read_sources([tmp_path / "data.zip"])


@pytest.mark.parametrize(
    ("header", "lacking"),
    [("isic_id,age_approx", "the diagnosis"), ("slide,diagnosis", "the image")],
)
def test_a_table_that_lacks_a_column_is_named(header: str, lacking: str, tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text(f"{header}\na,50\n")
    with pytest.raises(
        UserError, match=rf"not a known layout: metadata.csv has no column for {lacking} among"
    ):
        read_sources([tmp_path])


def test_a_folder_around_the_folder_is_looked_into(tmp_path: Path, picture: Picture) -> None:
    picture(tmp_path / "archive" / "melanoma" / "a.png", red=1)
    picture(tmp_path / "archive" / "nevus" / "b.png", red=2)
    (tmp_path / "__MACOSX").mkdir()
    data = read_sources([tmp_path])
    assert data.layout == "folder"
    assert data.root == tmp_path / "archive"


def test_the_table_in_a_folder_called_after_melanoma_wins(tmp_path: Path, picture: Picture) -> None:
    """SIIM's archive from one level up: its folders train and test are not diagnoses."""
    root = tmp_path / "melanoma"
    picture(root / "train" / "a.jpg", red=1)
    picture(root / "train" / "b.jpg", red=2)
    picture(root / "test" / "c.jpg", red=3)
    (root / "train.csv").write_text("image_name,target\na,0\nb,1\n")
    data = read_sources([tmp_path])
    assert [(r.image_id, r.diagnosis) for r in data.records] == [("a", "benign"), ("b", "melanoma")]


def test_a_source_without_melanomas_is_one_of_several_only(tmp_path: Path, picture: Picture) -> None:
    picture(tmp_path / "nevus" / "a.png", red=1)
    picture(tmp_path / "bcc" / "b.png", red=2)
    assert len(read_source(tmp_path).records) == 2
    with pytest.raises(UserError, match=r"its labels are bcc \(1 image\), nevus \(1 image\); .* --positive"):
        read_sources([tmp_path])
    with pytest.raises(UserError, match="--positive bbc: no such name"):
        read_sources([tmp_path], Reading(positive=("bbc",)))
    assert [r.is_melanoma for r in read_sources([tmp_path], Reading(positive=("bcc",))).records] == [
        True,
        False,
    ]


def test_each_layout_is_found(tmp_path: Path, picture: Picture) -> None:
    (tmp_path / "ham").mkdir()
    (tmp_path / "ham" / "HAM10000_metadata.csv").write_text("lesion_id,image_id,dx\nL,I,mel\n")
    picture(tmp_path / "ham" / "I.jpg")
    (tmp_path / "isic").mkdir()
    (tmp_path / "isic" / "anything.csv").write_text("isic_id,diagnosis\nI,melanoma\n")
    picture(tmp_path / "isic" / "images" / "I.jpg")
    picture(tmp_path / "classes" / "melanoma" / "I.jpg")
    (tmp_path / "arrays").mkdir()
    for name in ("benign_train", "malign_train", "benign_test", "malign_test"):
        np.save(tmp_path / "arrays" / f"{name}.npy", np.zeros((1, 4, 4, 3), dtype=np.uint8))
    found = {name: read_sources([tmp_path / name]).layout for name in ("ham", "isic", "classes", "arrays")}
    assert found == {"ham": "ham10000", "isic": "isic", "classes": "folder", "arrays": "arrays"}


def test_a_table_wins_over_folders_of_classes(tmp_path: Path, picture: Picture) -> None:
    picture(tmp_path / "melanoma" / "a.jpg")
    picture(tmp_path / "nevus" / "b.jpg")
    (tmp_path / "metadata.csv").write_text("image,diagnosis,lesion_id\na,melanoma,L1\nb,nevus,L2\n")
    assert {record.lesion_id for record in read_sources([tmp_path]).records} == {"L1", "L2"}
