from pathlib import Path

from dermdistill.data.counts import counts_table
from dermdistill.data.images import ImageFile
from dermdistill.records import Record


def record(number: int, diagnosis: str, lesion: str, source: str) -> Record:
    return Record(f"i{number}", ImageFile(Path("x")), lesion, diagnosis, source=source)


def test_images_by_source_diagnosis_and_split_melanoma_first() -> None:
    records = [
        record(0, "nevus", "L0", "one"),
        record(1, "nevus", "L0", "one"),
        record(2, "melanoma", "L2", "one"),
        record(3, "nevus", "L3", "two"),
        record(4, "nevus", "L4", "two"),
    ]
    table = counts_table(records, ["train", "train", "test", "val", None])
    assert [line.split() for line in table.replace("no split", "none").splitlines()[2:]] == [
        ["one", "melanoma", "0", "0", "1", "0", "1"],
        ["one", "nevus", "2", "0", "0", "0", "2"],
        ["one", "images", "2", "0", "1", "0", "3"],
        ["one", "lesions", "1", "0", "1", "0", "2"],
        ["two", "nevus", "0", "1", "0", "1", "2"],
        ["two", "images", "0", "1", "0", "1", "2"],
        ["two", "lesions", "0", "1", "0", "1", "2"],
    ]
    assert table.splitlines()[0].split() == [
        "source",
        "diagnosis",
        "train",
        "val",
        "test",
        "no",
        "split",
        "all",
    ]


def test_only_the_splits_that_there_are() -> None:
    table = counts_table([record(i, "nevus", f"L{i}", "one") for i in range(1234)], ["train"] * 1234)
    assert [line.split() for line in table.splitlines()[::2]] == [
        ["source", "diagnosis", "train", "all"],
        ["one", "nevus", "1,234", "1,234"],
        ["one", "lesions", "1,234", "1,234"],
    ]
