"""What is refused before it is decoded."""

import os
import socket
from pathlib import Path

import pytest

from dermdistill.data.decoding.limits import MAX_FILE_BYTES, MAX_PIXELS, MAX_SIDE, check_size, read_file
from dermdistill.errors import UserError, printable


class TestReadFile:
    def test_content(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"abc" * 100_000)
        (tmp_path / "link").symlink_to("a")
        assert read_file(tmp_path / "link") == b"abc" * 100_000

    @pytest.mark.timeout(60)
    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.jpg")
        with pytest.raises(UserError, match=r"pipe\.jpg: not a regular file but a pipe; name an image file"):
            read_file(tmp_path / "pipe.jpg")

    def test_a_device_is_not_read(self) -> None:
        with pytest.raises(UserError, match="/dev/zero: not a regular file but a device"):
            read_file(Path("/dev/zero"))

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="not a regular file but a folder"):
            read_file(tmp_path)

    def test_a_socket(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)  # the name of a socket is short
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("s.jpg")
            with pytest.raises(UserError, match=r"s\.jpg: cannot read the image"):
                read_file(Path("s.jpg"))

    def test_a_large_file_is_not_read(self, tmp_path: Path) -> None:
        with (tmp_path / "large.png").open("wb") as handle:
            handle.truncate(MAX_FILE_BYTES + 1)  # takes no space
        with pytest.raises(UserError, match=r"large\.png: 200 MB is above the limit of 200 MB"):
            read_file(tmp_path / "large.png")

    def test_a_link_to_itself_and_a_long_name(self, tmp_path: Path) -> None:
        (tmp_path / "loop.jpg").symlink_to("loop.jpg")
        for name in ("loop.jpg", "x" * 300):
            with pytest.raises(UserError, match="cannot read the image"):
                read_file(tmp_path / name)

    def test_a_name_with_a_null_byte(self) -> None:
        with pytest.raises(UserError, match=r"a\\x00b\.jpg: cannot read the image"):
            read_file(Path("a\0b.jpg"))

    def test_a_name_cannot_forge_a_second_line(self, tmp_path: Path) -> None:
        with pytest.raises(UserError) as caught:
            read_file(tmp_path / "a.jpg\nerror: b.jpg\x1b[2J\udcff")
        assert str(caught.value).endswith(r"a.jpg\nerror: b.jpg\x1b[2J\udcff: no such image file")
        str(caught.value).encode()

    @pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted in /proc")
    def test_nothing_stays_open(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        before = sum(1 for _ in Path("/proc/self/fd").iterdir())
        for path in (tmp_path / "pipe", tmp_path, tmp_path / "gone") * 5:
            with pytest.raises(UserError):
                read_file(path)
        assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == before


class TestCheckSize:
    @pytest.mark.parametrize(("width", "height"), [(MAX_PIXELS // 1000, 1000), (MAX_SIDE, 1), (1, MAX_SIDE)])
    def test_the_limits_themselves_are_allowed(self, width: int, height: int) -> None:
        check_size(width, height, "a.png")

    @pytest.mark.parametrize(
        ("width", "height", "message"),
        [
            (8_000, 8_000, r"a\.png: 8000 x 8000 is above the limit of 50 megapixels; scale it down"),
            (1, 50_000_000, "1 x 50000000 is above the limit of 65535 pixels a side"),
            (65_536, 1, "is above the limit of 65535 pixels a side"),
        ],
    )
    def test_refused(self, width: int, height: int, message: str) -> None:
        with pytest.raises(UserError, match=message):
            check_size(width, height, "a.png")


def test_printable_leaves_ordinary_names_alone() -> None:
    assert printable("Läsion 1/é.jpg") == "Läsion 1/é.jpg"
