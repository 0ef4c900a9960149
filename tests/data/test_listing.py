from pathlib import Path

import pytest

from dermdistill.data.listing import is_hidden, is_image, kinds, stem


@pytest.mark.parametrize(
    "name",
    [
        *(
            ".DS_Store",
            "._photo.jpg",
            ".ipynb_checkpoints",
            ".git",
            "__MACOSX",
            "@eaDir",
            "@EADIR",
            "#recycle",
        ),
        *("Thumbs.db", "THUMBS.DB", "desktop.ini", "$RECYCLE.BIN", "System Volume Information", "lost+found"),
        *("~$notes.docx", "__pycache__", "Icon\r"),
    ],
)
def test_what_systems_leave_behind(name: str) -> None:
    assert is_hidden(name)


@pytest.mark.parametrize(
    "name", ["photo.jpg", "eaDir", "melanoma", "_photo.jpg", "thumbs", "macosx", "a~$.jpg"]
)
def test_names_of_people(name: str) -> None:
    assert not is_hidden(name)


@pytest.mark.parametrize(
    ("name", "without"), [("a.JPG", "a"), ("a.b.jpeg", "a.b"), ("IM0001", "IM0001"), ("1.2.840", "1.2.840")]
)
def test_numbers_behind_a_point_are_part_of_a_name(name: str, without: str) -> None:
    assert stem(name) == without


def test_dicom_is_recognised_by_content_only_without_an_ending(tmp_path: Path) -> None:
    for name in ("IM1", "1.2.3", "a.txt", "dicomdir"):
        (tmp_path / name).write_bytes(bytes(128) + b"DICM")
    assert [is_image(str(tmp_path / name)) for name in ("IM1", "1.2.3", "a.txt", "dicomdir")] == [
        *(True, True, False, False)
    ]
    assert not is_image(str(tmp_path / "gone"))
    assert not is_image(str(tmp_path))


def test_kinds_are_counted_by_name() -> None:
    assert kinds({".txt": 2, "": 1}) == "2 .txt, 1 without ending"
    assert kinds({}) == ""
