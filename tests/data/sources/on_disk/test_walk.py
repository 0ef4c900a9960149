from pathlib import Path

from dermdistill.data.sources.on_disk.walk import visible_files


def test_links_are_followed_and_circles_come_to_an_end(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    (root / "a").mkdir(parents=True)
    elsewhere.mkdir()
    (elsewhere / "2").touch()
    (root / "a" / "1").touch()
    (root / "linked").symlink_to(elsewhere, target_is_directory=True)
    (root / "a" / "up").symlink_to(root, target_is_directory=True)
    (elsewhere / "back").symlink_to(root / "a", target_is_directory=True)
    assert [path.relative_to(root).as_posix() for path in visible_files(root)] == ["a/1", "linked/2"]


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    for name in (".git/x", "__MACOSX/x", "a/.DS_Store", "a/x", "x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert list(visible_files(tmp_path)) == [tmp_path / "x", tmp_path / "a" / "x"]
