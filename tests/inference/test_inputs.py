import io
import os
from pathlib import Path

import pytest

from dermdistill.errors import UserError
from dermdistill.inference.inputs import Inputs


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b.jpg", "a.PNG", "notes.txt", "deep/c.tiff", "deep/deeper/d.jpeg", "empty/none.csv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


LEFT_BEHIND = (
    *("._a.jpg", ".hidden.png", "Thumbs.db", "desktop.ini", "__MACOSX/._a.jpg", "@eaDir/a.jpg/SYNOFILE.jpg"),
    *(".ipynb_checkpoints/a-checkpoint.jpg", "$RECYCLE.BIN/$R1.jpg", "lost+found/x.jpg", "#recycle/old.jpg"),
)


def names(folder: Path, *paths: object, recursive: bool = False) -> list[str]:
    found = Inputs(tuple(map(str, paths)), recursive)
    listed = list(found)
    assert found.count() == len(listed)
    return [str(Path(path).relative_to(folder)) for path in listed]


def test_a_folder_by_name(tree: Path) -> None:
    assert names(tree, tree) == ["a.PNG", "b.jpg"]


def test_a_folder_of_folders(tree: Path) -> None:
    assert names(tree, tree, recursive=True) == ["a.PNG", "b.jpg", "deep/c.tiff", "deep/deeper/d.jpeg"]


def test_files_in_the_order_given_whatever_they_are_called(tree: Path) -> None:
    assert names(tree, tree / "notes.txt", tree / "b.jpg", tree / "gone.jpg", tree / "a.PNG") == [
        *("notes.txt", "b.jpg", "gone.jpg", "a.PNG")
    ]


def test_patterns(tree: Path) -> None:
    assert names(tree, tree / "*.jpg") == ["b.jpg"]
    assert names(tree, tree / "**" / "*.[jt]*") == ["b.jpg", "deep/c.tiff", "deep/deeper/d.jpeg", "notes.txt"]


def test_a_name_that_looks_like_a_pattern_is_a_name(tree: Path) -> None:
    (tree / "x[1].jpg").touch()
    (tree / "x1.jpg").touch()
    assert names(tree, tree / "x[1].jpg") == ["x[1].jpg"]


def test_a_list_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"one.jpg\n\ntwo with space.jpg\r\n")))
    listed = Inputs(("-",))
    assert listed.count() is None
    assert list(listed) == ["one.jpg", "two with space.jpg"]


def test_links_in_a_circle_end(tree: Path) -> None:
    (tree / "deep" / "round").symlink_to(tree, target_is_directory=True)
    assert len(names(tree, tree, recursive=True)) == 4


def test_what_is_left_out_is_said(tree: Path) -> None:
    assert Inputs((str(tree),)).notes() == [
        f"{tree}: left out 1 file that is not an image: 1 .txt",
        f"{tree}: left out 2 folders in it; --recursive reads them too",
    ]
    (tree / "deep" / "round").symlink_to(tree, target_is_directory=True)
    assert Inputs((str(tree),), recursive=True).notes() == [
        f"{tree}: left out 2 files that are not images: 1 .csv, 1 .txt",
        f"{tree}: left out 1 links to folders",
    ]
    assert Inputs((str(tree / "deep" / "deeper"),)).notes() == []


@pytest.mark.parametrize(
    ("path", "recursive", "message"),
    [
        ("empty", False, "no image file in this folder, only 1 .csv; --recursive reads its folders too"),
        ("empty", True, "no image file in this folder, only 1 .csv$"),
        ("bare", True, "no image file in this folder$"),
        ("*.webp", False, "no file matches this pattern"),
    ],
)
def test_nothing_there(tree: Path, path: str, recursive: bool, message: str) -> None:
    (tree / "bare").mkdir()
    with pytest.raises(UserError, match=message):
        list(Inputs((str(tree / path),), recursive))


def test_what_systems_leave_behind_is_left_out_and_counted(tmp_path: Path) -> None:
    for name in ("a.jpg", "sub/b.jpg", *LEFT_BEHIND):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert names(tmp_path, tmp_path, recursive=True) == ["a.jpg", "sub/b.jpg"]
    (note,) = Inputs((str(tmp_path),), recursive=True).notes()
    assert f"{tmp_path}: left out 10 files or folders that are hidden or a system's own, such as" in note
    assert names(tmp_path, tmp_path / "**" / "*.jpg") == ["a.jpg", "sub/b.jpg"]
    # What is named is meant.
    assert names(tmp_path, tmp_path / "._a.jpg", tmp_path / "@eaDir" / "*" / "*.jpg") == [
        *("._a.jpg", "@eaDir/a.jpg/SYNOFILE.jpg")
    ]


def test_all_endings_of_images_and_photographs_in_formats_that_are_not_read(tmp_path: Path) -> None:
    found = ["1.JPG", "2.jfif", "3.jpe", "4.HEIC", "5.avif", "6.jxl", "7.NEF", "8.dicom"]
    for name in (*found, "notes.docx", "film.mp4", "form.pdf"):
        (tmp_path / name).touch()
    assert names(tmp_path, tmp_path) == found
    assert Inputs((str(tmp_path),)).notes() == [
        f"{tmp_path}: left out 3 files that are not images: 1 .docx, 1 .mp4, 1 .pdf"
    ]


def test_dicom_files_without_an_ending(tmp_path: Path) -> None:
    dicom = bytes(128) + b"DICM"
    for name in ("IM0001", "1.2.840.10008.1.57", "DICOMDIR", "0.jpg"):
        (tmp_path / name).write_bytes(dicom)
    (tmp_path / "README").write_text("not an image" * 20)
    (tmp_path / "2024.01").write_text("")
    assert names(tmp_path, tmp_path) == ["0.jpg", "1.2.840.10008.1.57", "IM0001"]
    assert Inputs((str(tmp_path),)).notes() == [
        f"{tmp_path}: left out 3 files that are not images: 3 without ending"
    ]


def test_a_pipe_without_an_ending_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a.jpg").touch()
    assert names(tmp_path, tmp_path) == ["a.jpg"]
