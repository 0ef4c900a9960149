import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dermdistill.data.images import ImageFile
from dermdistill.data.sources import read_sources
from dermdistill.data.sources.on_disk.copies import unite_copies
from dermdistill.errors import UserError
from dermdistill.records import Record

Picture = Callable[..., Path]


def record(path: Path, lesion: str, diagnosis: str = "nevus") -> Record:
    return Record(path.stem, ImageFile(path), lesion, diagnosis)


def copy(path: Path, name: str) -> Path:
    return Path(shutil.copy(path, path.parent / name))


def test_without_copies_nothing_changes(tmp_path: Path, picture: Picture) -> None:
    records = [record(picture(tmp_path / f"{i}.png", red=i), f"L{i // 2}") for i in range(6)]
    assert unite_copies(records) == (tuple(records), ())


def test_whole_lesions_are_united(tmp_path: Path, picture: Picture) -> None:
    a, b, c = (picture(tmp_path / f"{name}.png", red=i) for i, name in enumerate("abc"))
    # The copy of b belongs to L2 by the table, and so does c.
    records = [record(a, "L1"), record(b, "L1"), record(copy(b, "d.png"), "L2"), record(c, "L2")]
    united, notes = unite_copies(records)
    assert [r.lesion_id for r in united] == ["L1"] * 4
    assert notes == ("1 of 4 images are copies of others (d.png of b.png): they count as one lesion",)


@pytest.mark.parametrize(
    ("one", "other", "contradiction"),
    [
        ("nevus", "nevus", False),
        ("nevus", "benign", False),
        ("melanoma", "benign", True),
        ("melanoma", "nevus", True),
        ("nevus", "dermatofibroma", True),
    ],
)
def test_diagnoses_of_copies(
    one: str, other: str, contradiction: bool, tmp_path: Path, picture: Picture
) -> None:
    first = picture(tmp_path / "a.png")
    records = [record(first, "L1", one), record(copy(first, "b.png"), "L2", other)]
    if contradiction:
        with pytest.raises(
            UserError, match=rf"b\.png: the same image as .*a\.png, but {other} here and {one}"
        ):
            unite_copies(records)
    else:
        assert len({r.lesion_id for r in unite_copies(records)[0]}) == 1


def test_copies_under_two_ids_of_a_table(tmp_path: Path, picture: Picture) -> None:
    first = picture(tmp_path / "ISIC_1.jpg")
    copy(first, "ISIC_2.jpg")
    (tmp_path / "metadata.csv").write_text("isic_id,diagnosis\nISIC_1,melanoma\nISIC_2,melanoma\n")
    assert [r.lesion_id for r in read_sources([tmp_path]).records] == ["ISIC_1", "ISIC_1"]
