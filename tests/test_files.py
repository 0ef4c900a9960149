import errno
import os
import stat
from pathlib import Path

import pytest

from dermdistill.errors import UserError
from dermdistill.files import cannot_write, disk_is_full, lock, replacing, write_text


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), replacing(path) as temporary:
        temporary.write_text(f"half {1 / 0}")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_clear_line(tmp_path: Path) -> None:
    message = r"a\.txt: cannot write \(No space left on device\); free some space"
    with pytest.raises(UserError, match=message), replacing(tmp_path / "a.txt"):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_folders_are_made_and_files_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "new" / "a.txt", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new" / "a.txt").stat().st_mode) == 0o640


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to("far/file")
    for content in ("first", "second"):
        write_text(tmp_path / "link", content)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "far" / "file").read_text() == content


def test_a_private_file_stays_private(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    (tmp_path / "a.txt").chmod(0o600)
    write_text(tmp_path / "a.txt", "new")
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o600


def test_a_file_in_the_way_of_a_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write"):
        write_text(tmp_path / "file" / "a.txt", "x")


def test_a_full_disk_is_known_behind_its_line_too() -> None:
    for number, full in (
        (errno.ENOSPC, True),
        (errno.EDQUOT, True),
        (errno.EFBIG, True),
        (errno.EACCES, False),
    ):
        error = OSError(number, "")
        behind = cannot_write(Path("a.txt"), error)
        behind.__cause__ = error
        assert disk_is_full(error) is full
        assert disk_is_full(behind) is full
    assert not disk_is_full(UserError("wrong data"))


def test_a_locked_file_is_one_processes_until_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with path.open("w") as ours, path.open("w") as another:  # as that of another process
        lock(ours, path)
        with pytest.raises(UserError, match=r"lock: another command is writing it; wait, or choose another"):
            lock(another, path)
    with path.open("w") as another:
        lock(another, path)


def test_where_the_file_system_has_no_locks_all_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")

    def flock(handle: object, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with (tmp_path / "lock").open("w") as handle:
        number = errno.ENOLCK
        lock(handle, tmp_path)
        number = errno.EBADF
        with pytest.raises(OSError, match="Bad file"):
            lock(handle, tmp_path)
