import io
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
    monkeypatch.setattr("sys.stdin", io.StringIO("one.jpg\n\ntwo with space.jpg\r\n"))
    listed = Inputs(("-",))
    assert listed.count() is None
    assert list(listed) == ["one.jpg", "two with space.jpg"]


def test_links_in_a_circle_end(tree: Path) -> None:
    (tree / "deep" / "round").symlink_to(tree, target_is_directory=True)
    assert len(names(tree, tree, recursive=True)) == 4


def test_what_is_left_out_is_said(tree: Path) -> None:
    assert Inputs((str(tree),)).notes() == [
        f"{tree}: left out 1 files without an image suffix",
        f"{tree}: left out 2 folders in it; --recursive takes them in",
    ]
    (tree / "deep" / "round").symlink_to(tree, target_is_directory=True)
    assert Inputs((str(tree),), recursive=True).notes() == [
        f"{tree}: left out 2 files without an image suffix",
        f"{tree}: left out 1 links to folders",
    ]
    assert Inputs((str(tree / "deep" / "deeper"),)).notes() == []


@pytest.mark.parametrize(
    ("path", "recursive", "message"),
    [
        ("empty", False, "no image file in this folder; --recursive looks into its folders too"),
        ("empty", True, "no image file in this folder$"),
        ("*.webp", False, "no file matches this pattern"),
    ],
)
def test_nothing_there(tree: Path, path: str, recursive: bool, message: str) -> None:
    with pytest.raises(UserError, match=message):
        list(Inputs((str(tree / path),), recursive))
