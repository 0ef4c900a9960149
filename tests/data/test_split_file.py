from pathlib import Path

import pytest

from dermdistill.data.images import ImageFile
from dermdistill.data.split_file import Assignment, read_split, splits_again, write_split
from dermdistill.errors import UserError
from dermdistill.records import Record

HEADER = "image_id,lesion_id,diagnosis,split,content,hash,source\n"
ONE, TWO = "0a" * 12, "b7" * 12


def test_written_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "split.csv"
    records = [
        Record(f"i,{i}", ImageFile(Path("x.jpg")), f"l{i // 2}", "nevus", source="s") for i in range(3)
    ]
    write_split(path, records, ["train", "train", "test"], ["c0", "c1", "c2"], [ONE, "", TWO])
    assert path.read_text().startswith(HEADER)
    assert read_split(path) == (
        Assignment("i,0", "l0", "nevus", "train", "c0", ONE, "s"),
        Assignment("i,1", "l0", "nevus", "train", "c1", "", "s"),
        Assignment("i,2", "l1", "nevus", "test", "c2", TWO, "s"),
    )


def test_no_text_of_a_stranger_is_a_formula_in_a_spreadsheet(tmp_path: Path) -> None:
    record = Record("=1+1", ImageFile(Path("x.jpg")), "-l", "@nevus", source="+s")
    write_split(tmp_path / "split.csv", [record], ["train"], ["c"], [""])
    assert (tmp_path / "split.csv").read_text().splitlines()[1] == "'=1+1,'-l,'@nevus,train,c,,'+s"
    assert read_split(tmp_path / "split.csv") == (Assignment("=1+1", "-l", "@nevus", "train", "c", "", "+s"),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER + "a,a,nevus\n", "line 2: expected 7 fields"),
        (HEADER + "a,a,nevus,val,c,,s,d\n", "line 2: expected 7 fields"),
        ("image_id,lesion_id,split,content\n", "column 'diagnosis' is missing"),
        (HEADER + "a,a,nevus,trian,c,,s\n", "line 2: split is 'trian'"),
        (HEADER + "a,a,nevus,val,c,12x4,s\n", "line 2: hash is '12x4'; expected 24 hexadecimal digits"),
        (HEADER + "a,a,nevus,val,c,,s\na,a,nevus,val,c,,s\n", "line 3: image a is listed twice"),
    ],
)
def test_bad_files(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "split.csv").write_text(content)
    with pytest.raises(UserError, match=message):
        read_split(tmp_path / "split.csv")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"split\.csv: cannot read the split"):
        read_split(tmp_path / "split.csv")


def test_a_file_of_an_earlier_version_has_no_hashes_and_no_sources(tmp_path: Path) -> None:
    path = tmp_path / "split.csv"
    path.write_text("image_id,lesion_id,diagnosis,split,content\na,l,nevus,val,c\n")
    assert read_split(path) == (Assignment("a", "l", "nevus", "val", "c", None, ""),)


def test_splits_again_by_content_and_of_copies_by_name() -> None:
    """Of the copies a and b only b was in the split; c was renamed; d is new."""
    rows = [Assignment("b", "b", "nevus", "test", "1"), Assignment("old", "old", "nevus", "val", "2")]
    records = [Record(name, ImageFile(Path(name)), name, "nevus") for name in "abcd"]
    assert splits_again(rows, records, ["1", "1", "2", "3"]) == [None, "test", "val", None]
    renamed = [Record(name, ImageFile(Path(name)), name, "nevus") for name in "xy"]
    assert splits_again(rows, renamed, ["1", "2"]) == ["test", "val"]
