import os
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dermdistill.errors import UserError
from dermdistill.outputs import Output, check_folder, open_output

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and devices of POSIX")


def opened(path: Path, *, overwrite: bool | None = False, reads: tuple[Path, ...] = ()) -> Output:
    """An output of a program whose files begin with ``ours``."""
    return open_output(
        path,
        "--output",
        expected="one of ours",
        is_ours=lambda found: found.read_bytes().startswith(b"ours"),
        overwrite=overwrite,
        reads=reads,
    )


def test_a_new_an_empty_and_an_own_file_are_written(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "own").write_text("ours, old")
    for name in ("new", "empty", "own", "folder/new"):
        opened(tmp_path / name).write(b"ours")
        assert (tmp_path / name).read_bytes() == b"ours"


def test_what_is_not_ours_is_replaced_only_when_the_user_insists(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("precious")
    with pytest.raises(UserError, match=r"a: exists and is not one of ours; .*, or add --overwrite$"):
        opened(tmp_path / "a")
    with pytest.raises(UserError, match=r"choose another --output$"):
        opened(tmp_path / "a", overwrite=None)
    assert (tmp_path / "a").read_text() == "precious"
    opened(tmp_path / "a", overwrite=True).write(b"ours")
    assert (tmp_path / "a").read_bytes() == b"ours"


@pytest.mark.parametrize("kind", ["itself", "symbolic link", "hard link"])
@pytest.mark.parametrize("content", ["ours", "precious"])
def test_what_the_command_reads_is_never_overwritten(tmp_path: Path, kind: str, content: str) -> None:
    read, named = tmp_path / "read", tmp_path / "named"
    read.write_text(content)
    if kind == "symbolic link":
        named.symlink_to(read)
    elif kind == "hard link":
        named.hardlink_to(read)
    for overwrite in (False, True):
        with pytest.raises(UserError, match=r"is the same file as .*read, which the command reads"):
            opened(read if kind == "itself" else named, overwrite=overwrite, reads=(tmp_path / "gone", read))
    assert read.read_text() == content


def test_links_stay_and_their_files_are_written(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "file").write_text("ours")
    for name, target in (("link", "far/file"), ("dangling", "far/new"), ("chain", "dangling")):
        (tmp_path / name).symlink_to(target)
    for name in ("link", "dangling", "chain"):
        opened(tmp_path / name).write(b"ours, " + name.encode())
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / name).read_bytes() == b"ours, " + name.encode()
    assert sorted(path.name for path in (tmp_path / "far").iterdir()) == ["file", "new"]


def test_a_link_to_itself_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UserError, match="loop: cannot write"):
        opened(tmp_path / "loop")


def test_a_link_to_what_is_not_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    (tmp_path / "link").symlink_to("file")
    with pytest.raises(UserError, match="link: exists and is not one of ours"):
        opened(tmp_path / "link")


def test_a_pipe_is_written_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    opened(pipe).write(b"content")
    reader.join()
    assert read == [b"content"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_devices_are_written_as_they_are() -> None:
    opened(Path(os.devnull)).write(b"content")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)  # noqa: PTH116
    if Path("/dev/full").exists():
        with pytest.raises(UserError, match=r"/dev/full: cannot write \(No space left on device\)"):
            opened(Path("/dev/full")).write(b"content")


@pytest.mark.parametrize("path", ["-", "/dev/stdout", "/proc/self/fd/1"])
def test_standard_output(path: str, capfd: pytest.CaptureFixture[str]) -> None:
    if path != "-" and not os.path.exists(path):  # noqa: PTH110
        pytest.skip(f"no {path} here")
    print("before")
    opened(Path(path)).write(b"content\n")
    assert capfd.readouterr().out == "before\ncontent\n"


def test_standard_output_in_a_file_is_not_begun_anew(tmp_path: Path) -> None:
    """``command --output log >> log``: the file is ours by being standard output; what it holds stays."""
    log = tmp_path / "log"
    log.write_text("precious\n")
    kept = os.dup(1)
    try:
        with log.open("ab") as handle:
            os.dup2(handle.fileno(), 1)
        output = opened(log)
        output.write(b"content\n")
    finally:
        os.dup2(kept, 1)
        os.close(kept)
    assert output.is_stream
    assert log.read_text() == "precious\ncontent\n"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("folder", "folder: is a folder; expected a file for --output"),
        ("file/new", "file: is a file; expected a folder"),
        ("a" * 300, "cannot write"),
    ],
)
def test_what_cannot_be_a_file_is_one_clear_line(tmp_path: Path, path: str, message: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=message):
        opened(tmp_path / path)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    yield folder
    folder.chmod(0o755)


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(read_only: Path) -> None:
    with pytest.raises(UserError, match="cannot write there"):
        opened(read_only / "new")


def test_a_folder_is_new_empty_or_ours(tmp_path: Path) -> None:
    def check(folder: Path) -> None:
        check_folder(
            folder, "--output", expected="a run", is_ours=(folder / "run.json").is_file, besides=("models",)
        )

    check(tmp_path / "new" / "run")
    (tmp_path / "models").mkdir()
    (tmp_path / ".hidden").touch()
    check(tmp_path)
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(UserError, match="holds other files and is not a run; choose an empty or new folder"):
        check(tmp_path)
    (tmp_path / "run.json").touch()
    check(tmp_path)
    with pytest.raises(UserError, match=r"thesis\.txt: is a file; expected a folder"):
        check(tmp_path / "thesis.txt")
