import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from dermdistill.data import cache, images
from dermdistill.data.cache import decode_images, default_cache_dir
from dermdistill.data.images import ImageFile, resize
from dermdistill.errors import UserError
from dermdistill.records import Pixels, Record

Picture = Callable[..., Path]


@dataclass(frozen=True)
class Drawing:
    """A procedural image, as the synthetic source has them."""

    shade: int

    @property
    def name(self) -> str:
        return f"drawing {self.shade}"

    def digest(self) -> str:
        return f"drawing-{self.shade}"

    def decode(self) -> Pixels:
        return np.full((10, 10, 3), self.shade, dtype=np.uint8)


def records_of(paths: list[Path]) -> list[Record]:
    return [Record(path.stem, ImageFile(path), path.stem, "nevus") for path in paths]


def drawings(count: int) -> list[Record]:
    return [Record(str(index), Drawing(index % 256), str(index), "nevus") for index in range(count)]


def settle(path: Path) -> None:
    """Make the file look as if it had last been changed a while ago."""
    long_ago = time.time() - 100
    os.utime(path, (long_ago, long_ago))


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def paths(tmp_path: Path, picture: Picture) -> list[Path]:
    return [picture(tmp_path / f"{index}.png", red=40 * index) for index in range(5)]


class TestContent:
    def test_rows_are_the_resized_images_in_order(self, paths: list[Path], cache_dir: Path) -> None:
        pixels = decode_images(records_of(paths[::-1]), 4, cache_dir=cache_dir, progress=False).pixels
        assert pixels.shape == (5, 4, 4, 3)
        assert pixels.dtype == np.uint8
        for row, path in zip(pixels, paths[::-1], strict=True):
            assert np.array_equal(row, resize(ImageFile(path).decode(), 4))

    def test_is_a_read_only_memory_map(self, paths: list[Path], cache_dir: Path) -> None:
        pixels = decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False).pixels
        assert isinstance(pixels, np.memmap)
        assert not pixels.flags.writeable

    def test_worker_processes_give_the_same_pixels(self, cache_dir: Path) -> None:
        records = drawings(300)
        pixels = decode_images(records, 4, cache_dir=cache_dir, workers=2, progress=False).pixels
        assert pixels[:, 0, 0, 0].tolist() == [index % 256 for index in range(300)]

    def test_progress_goes_to_stderr_on_a_terminal(
        self,
        paths: list[Path],
        cache_dir: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        decode_images(records_of(paths), 4, cache_dir=cache_dir)
        output = capsys.readouterr()
        assert "Decoding images" in output.err
        assert output.out == ""


class TestReuse:
    def test_a_second_call_decodes_nothing(
        self, paths: list[Path], cache_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False).pixels
        monkeypatch.setattr(images, "read_image", lambda *_: pytest.fail("decoded again"))
        again = decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False).pixels
        assert np.array_equal(first, again)

    def test_a_settled_file_is_hashed_once(
        self, paths: list[Path], cache_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for path in paths:
            settle(path)
        decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False)
        monkeypatch.setattr(ImageFile, "digest", lambda _: pytest.fail("hashed again"))
        assert len(decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False).pixels) == 5

    def test_a_changed_file_is_seen(self, paths: list[Path], cache_dir: Path, picture: Picture) -> None:
        settle(paths[2])
        before = decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False).pixels
        picture(paths[2], red=255)
        after = decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False).pixels
        assert after[2, 0, 0, 0] == 255
        assert np.array_equal(np.delete(after, 2, axis=0), np.delete(before, 2, axis=0))

    def test_a_file_changed_just_now_is_seen_even_with_an_old_stamp(
        self, paths: list[Path], cache_dir: Path, picture: Picture
    ) -> None:
        # The same size within one tick of the clock: nothing but the content tells the two apart.
        stamp = paths[2].stat()
        decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False)
        picture(paths[2], red=81)
        assert paths[2].stat().st_size == stamp.st_size
        os.utime(paths[2], ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        assert (
            decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False).pixels[2, 0, 0, 0] == 81
        )

    def test_another_size_is_another_file(self, paths: list[Path], cache_dir: Path) -> None:
        for size in (4, 6):
            pixels = decode_images(records_of(paths), size, cache_dir=cache_dir, progress=False).pixels
            assert pixels.shape == (5, size, size, 3)

    def test_another_decoder_is_another_file(
        self, paths: list[Path], cache_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False)
        monkeypatch.setattr(cache, "DECODER_VERSION", images.DECODER_VERSION + 1)
        decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False)
        assert len(list(cache_dir.glob("images-*.npy"))) == 2

    @pytest.mark.parametrize("damage", ["truncated", "not an array", "empty", "another shape"])
    def test_a_damaged_cache_is_built_again(self, damage: str, paths: list[Path], cache_dir: Path) -> None:
        intact = np.array(decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False).pixels)
        (file,) = cache_dir.glob("images-*.npy")
        if damage == "truncated":
            file.write_bytes(file.read_bytes()[:-10])
        elif damage == "another shape":
            np.save(file, intact[:2])
        else:
            file.write_bytes(b"not an array" if damage == "not an array" else b"")
        assert np.array_equal(
            decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False).pixels, intact
        )

    def test_a_damaged_memo_is_ignored(self, paths: list[Path], cache_dir: Path) -> None:
        for path in paths:
            settle(path)
        decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False)
        (memo,) = cache_dir.glob("digests-*.json")
        for content in ("{", "[1]", '{"a": 3}', '{"a": [1, 2]}'):
            memo.write_text(content)
            assert len(decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False).pixels) == 5


class TestBadInput:
    def test_all_damaged_images_in_one_line(self, paths: list[Path], cache_dir: Path) -> None:
        paths[1].write_bytes(b"text")
        paths[3].write_bytes(b"")
        with pytest.raises(UserError) as caught:
            decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False)
        assert str(caught.value).startswith(f"{paths[1]}: not an image")
        assert "(and 1 more of the 5 images cannot be used)" in str(caught.value)
        assert "\n" not in str(caught.value)
        assert list(cache_dir.glob("*images-*")) == []

    def test_damaged_images_found_by_worker_processes(
        self, tmp_path: Path, picture: Picture, cache_dir: Path
    ) -> None:
        good = records_of([picture(tmp_path / f"{index}.png", red=index % 256) for index in range(299)])
        (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8 no")
        bad = records_of([tmp_path / "bad.jpg"])
        with pytest.raises(UserError, match=r"bad\.jpg: damaged JPEG"):
            decode_images(good + bad, 4, cache_dir=cache_dir, workers=2, progress=False)
        assert list(cache_dir.glob("*images-*")) == []

    def test_missing_images_in_one_line(self, paths: list[Path], cache_dir: Path) -> None:
        paths[0].unlink()
        paths[4].unlink()
        with pytest.raises(UserError, match=r"0\.png: no such image file \(and 1 more"):
            decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False)

    def test_a_folder_that_cannot_be_made(self, paths: list[Path], tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(UserError, match="set DERMDISTILL_CACHE to another folder"):
            decode_images(records_of(paths), 4, cache_dir=tmp_path / "file" / "cache", progress=False)

    def test_too_little_space_is_said_before_any_work(
        self, paths: list[Path], cache_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usage = namedtuple("usage", "total used free")
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 10, 10))
        with pytest.raises(UserError, match=r"need 0\.0 GB and 0\.0 GB are free; .*DERMDISTILL_CACHE"):
            decode_images(records_of(paths), 4, cache_dir=cache_dir, progress=False)
        assert list(cache_dir.glob("*images-*")) == []


def run_in_background(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, text=True, stderr=subprocess.PIPE
    )


FOR_EVER = "3600"
"""Seconds for an image: such a build is never finished before it is killed."""

BUILD = """
import sys, time
from dataclasses import dataclass
from pathlib import Path
import numpy as np
from dermdistill.data.cache import decode_images
from dermdistill.records import Record

@dataclass(frozen=True)
class Slow:
    shade: int
    @property
    def name(self): return str(self.shade)
    def digest(self): return f"slow-{self.shade}"
    def decode(self):
        time.sleep(float(sys.argv[2]) if self.shade >= 40 else 0)
        return np.full((8, 8, 3), self.shade, dtype=np.uint8)

records = [Record(str(i), Slow(i), str(i), "nevus") for i in range(64)]
print("start", flush=True)
pixels = decode_images(records, 8, cache_dir=Path(sys.argv[1]), workers=1, progress=False).pixels
print(pixels[:, 0, 0, 0].tolist() == list(range(64)), flush=True)
"""


class TestKilledAndConcurrent:
    def test_a_killed_build_leaves_nothing_that_counts_as_finished(self, cache_dir: Path) -> None:
        with run_in_background(BUILD, str(cache_dir), FOR_EVER) as process:
            while not list(cache_dir.glob(".images-*")):
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
        assert list(cache_dir.glob("images-*.npy")) == []
        with run_in_background(BUILD, str(cache_dir), "0") as process:
            assert process.communicate()[0].split() == ["start", "True"]

    def test_what_killed_builds_left_is_removed_once_it_is_old(self, cache_dir: Path) -> None:
        cache_dir.mkdir()
        stale, living = cache_dir / ".images-8px-ab.npy.x1", cache_dir / ".images-8px-ab.npy.x2"
        for left in (stale, living):
            left.write_bytes(b"half")
        os.utime(stale, (0, 0))
        decode_images(drawings(3), 8, cache_dir=cache_dir, progress=False)
        assert not stale.exists()
        assert living.exists()

    def test_two_processes_building_at_once_both_succeed(self, cache_dir: Path) -> None:
        with (
            run_in_background(BUILD, str(cache_dir), "0.005") as one,
            run_in_background(BUILD, str(cache_dir), "0.005") as other,
        ):
            assert one.communicate()[0].split() == ["start", "True"]
            assert other.communicate()[0].split() == ["start", "True"]
        assert len(list(cache_dir.glob("*images-*"))) == 1

    @pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
    def test_a_disk_that_fills_while_writing(self, cache_dir: Path) -> None:
        limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        with run_in_background(limit + BUILD, str(cache_dir), "0") as process:
            _, errors = process.communicate()
        assert "UserError" in errors
        assert "cannot write" in errors
        assert list(cache_dir.glob("*images-*")) == []

    def test_a_script_without_a_main_guard_is_told_so(self, cache_dir: Path, tmp_path: Path) -> None:
        script = tmp_path / "build.py"
        script.write_text(BUILD.replace("range(64)", "range(300)").replace("workers=1", "workers=2"))
        finished = subprocess.run(
            [sys.executable, str(script), str(cache_dir), "0"], capture_output=True, text=True, check=False
        )
        assert finished.returncode != 0
        # Python's own tracker of semaphores may add a line behind it on a busy machine.
        lines = [line for line in finished.stderr.splitlines() if "UserError" in line]
        assert 'a script without `if __name__ == "__main__":`' in lines[-1]
        assert list(cache_dir.glob("*images-*")) == []

    @pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
    def test_worker_processes_end_when_their_parent_is_killed(self, cache_dir: Path, tmp_path: Path) -> None:
        script = tmp_path / "build.py"
        many = BUILD.replace("range(64)", "range(300)").replace("workers=1", "workers=2")
        head, tail = many.split("records = ")
        guarded = "\n".join("    " + line for line in ("records = " + tail).splitlines())
        script.write_text(f'{head}\nif __name__ == "__main__":\n{guarded}\n')
        process = subprocess.Popen(
            [sys.executable, str(script), str(cache_dir), FOR_EVER], stdout=subprocess.DEVNULL
        )
        workers = children_of(process.pid, at_least=2)
        process.kill()
        process.wait()
        deadline = time.monotonic() + 120
        while any(is_running(worker) for worker in workers) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(is_running(worker) for worker in workers)


def children_of(parent: int, at_least: int) -> list[int]:
    """Wait for this many child processes that decode."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        children = [
            int(status.parent.name)
            for status in Path("/proc").glob("[0-9]*/status")
            if f"PPid:\t{parent}\n" in read_or_nothing(status)
            and "spawn_main" in read_or_nothing(status.parent / "cmdline")
        ]
        if len(children) >= at_least:
            return children
        time.sleep(0.05)
    pytest.fail("the worker processes did not start")


def is_running(process: int) -> bool:
    return "State:\tZ" not in (text := read_or_nothing(Path(f"/proc/{process}/status"))) and text != ""


def read_or_nothing(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


class TestDefaultFolder:
    def test_order_of_preference(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", "/home/someone")
        monkeypatch.delenv("DERMDISTILL_CACHE", raising=False)
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        assert default_cache_dir() == Path("/home/someone/.cache/dermdistill")
        monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
        assert default_cache_dir() == Path("/caches/dermdistill")
        monkeypatch.setenv("DERMDISTILL_CACHE", "/fast/disk")
        assert default_cache_dir() == Path("/fast/disk")
