"""Untrusted archives: nothing lands outside the folder, nothing half-written has a name."""

import io
import stat
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dermdistill.download.unpack import DamagedArchiveError, UnsafeArchiveError, members, unpack

from .conftest import tree, zipped

Archive = Callable[[Mapping[str, bytes]], Path]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    def make(files: Mapping[str, bytes]) -> Path:
        path = tmp_path / "part_1.zip"
        path.write_bytes(zipped(files))
        return path

    return make


def test_one_folder_in_the_archive_is_kept(archive: Archive) -> None:
    assert set(members(archive({"train/a.jpg": b"a", "train/b/c.jpg": b"c"}))) == {
        "train/a.jpg",
        "train/b/c.jpg",
    }


def test_loose_files_get_a_folder_of_the_archive_s_name(archive: Archive) -> None:
    assert set(members(archive({"a.jpg": b"a", "x/b.jpg": b"b"}))) == {"part_1/a.jpg", "part_1/x/b.jpg"}


def test_two_folders_get_one_of_the_archive_s_name(archive: Archive) -> None:
    assert set(members(archive({"x/a.jpg": b"a", "y/b.jpg": b"b"}))) == {"part_1/x/a.jpg", "part_1/y/b.jpg"}


def test_what_systems_leave_stays_packed(archive: Archive) -> None:
    files = {"x/a.jpg": b"a", "__MACOSX/x/._a.jpg": b"", "x/.DS_Store": b"", "x/Thumbs.db": b""}
    assert set(members(archive(files))) == {"x/a.jpg"}


@pytest.mark.parametrize(
    "name",
    [
        "../out.jpg",
        "x/../../out.jpg",
        "/etc/out.jpg",
        "C:/out.jpg",
        "..\\out.jpg",
        "x/a\x01.jpg",
        "x/a.jpg:stream",
    ],
)
def test_paths_that_lead_elsewhere(archive: Archive, name: str) -> None:
    with pytest.raises(UnsafeArchiveError, match="leads elsewhere; nothing was unpacked"):
        members(archive({"x/good.jpg": b"", name: b""}))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices(tmp_path: Path, kind: int) -> None:
    info = zipfile.ZipInfo("x/link.jpg")
    info.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as written:
        written.writestr(info, "/etc/passwd")
    with pytest.raises(UnsafeArchiveError, match=r"x/link\.jpg is a link or a device"):
        members(tmp_path / "a.zip")


def test_names_that_differ_in_case_only(archive: Archive) -> None:
    with pytest.raises(UnsafeArchiveError, match="same name"):
        members(archive({"x/a.jpg": b"1", "x/A.JPG": b"2"}))


def test_encrypted_files(archive: Archive) -> None:
    path = archive({"x/a.jpg": b"a"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(UnsafeArchiveError, match="is encrypted"):
        members(path)


def test_more_than_any_data_set_has(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dermdistill.download.unpack._LARGEST_ARCHIVE", 1000)
    with pytest.raises(UnsafeArchiveError, match="more than any published data set"):
        members(archive({"x/a.jpg": bytes(600), "x/b.jpg": bytes(600)}))


def test_one_file_that_is_too_large(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dermdistill.download.unpack._LARGEST_FILE", 1000)
    with pytest.raises(UnsafeArchiveError, match=r"x/a\.jpg is larger"):
        members(archive({"x/a.jpg": bytes(1001)}))


@pytest.mark.parametrize(
    "content", [b"", b"<html>", zipped({"x/a.jpg": b"a"})[:-30]], ids=["empty", "a web page", "cut off"]
)
def test_what_is_no_whole_archive(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(DamagedArchiveError, match=r"a\.zip: is damaged"):
        members(tmp_path / "a.zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_file_gets_no_name(tmp_path: Path, method: int) -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as packed:
        packed.writestr("x/a.jpg", b"first" * 50)
        packed.writestr("x/b.jpg", b"second" * 50)
    content = bytearray(written.getvalue())
    second = content.index(b"x/b.jpg") + len(b"x/b.jpg")
    content[second + 4] ^= 0x55
    (tmp_path / "a.zip").write_bytes(content)
    folder, work = tmp_path / "data", tmp_path / "work"
    folder.mkdir()
    work.mkdir()
    files = members(tmp_path / "a.zip")
    with pytest.raises(DamagedArchiveError):
        unpack(tmp_path / "a.zip", files, folder, work, lambda more: None)
    assert tree(folder) == {"x/a.jpg": b"first" * 50}


def test_a_file_that_lies_about_its_size_stays_bounded(tmp_path: Path, archive: Archive) -> None:
    path = archive({"x/a.jpg": bytes(100_000)})
    content = path.read_bytes().replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(content)
    (tmp_path / "data").mkdir()
    (tmp_path / "work").mkdir()
    with pytest.raises(DamagedArchiveError):
        unpack(path, members(path), tmp_path / "data", tmp_path / "work", lambda more: None)
    assert tree(tmp_path / "data") == {}
    assert all(len(left) <= 10 for left in tree(tmp_path / "work").values())
