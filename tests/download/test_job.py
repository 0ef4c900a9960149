"""Whole downloads: after each fault the same call completes, and nothing half-written has a final name."""

import errno
import io
import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dermdistill.data.sources import read_sources
from dermdistill.download.client import TRIES, Client
from dermdistill.download.job import Outcome, download
from dermdistill.download.published import Hosts, Published
from dermdistill.errors import UserError

from .conftest import jpeg, tree, visible_names, zipped
from .server import Fault, Server

PART_1 = "/api/access/datafile/1001"
RECORD = "/api/datasets/:persistentId?persistentId=doi:10.7910/DVN/TEST"
METADATA = "/api/access/datafile/1000?format=original"
ARCHIVE = "/challenges/2019/ISIC_2019_Training_Input.zip"
TRUTH = "/challenges/2019/ISIC_2019_Training_GroundTruth.csv"

Get = Callable[..., Outcome]


@pytest.fixture
def get(hosts: Hosts, client: Client, tmp_path: Path) -> Get:
    """Download into the same folder again and again."""

    def call(published: Published) -> Outcome:
        return download(published, tmp_path / "data", hosts, client)

    return call


@pytest.fixture
def expected_ham(server: Server) -> dict[str, bytes]:
    """The visible files of a complete download but the licence."""
    images = {f"HAM10000_images_part_1/ISIC_000000{i}.jpg": jpeg(i) for i in range(4)}
    test = {f"ISIC2018_Task3_Test_Images/ISIC_003500{i}.jpg": jpeg(50 + i) for i in range(2)}
    return {**images, **test}


def images(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in visible_names(folder, ".jpg")}


def assert_nothing_half_written(folder: Path, complete: dict[str, bytes]) -> None:
    """What has the name of an image is one of the complete images, byte for byte."""
    for name, content in images(folder).items():
        assert content == complete[name]


class TestDataverse:
    def test_is_read_by_the_data_command(
        self, get: Get, ham10000: Published, tmp_path: Path, expected_ham: dict[str, bytes]
    ) -> None:
        outcome = get(ham10000)
        assert outcome.is_complete
        assert (outcome.completeness.images, outcome.completeness.tables) == (6, 2)
        assert images(tmp_path / "data") == expected_ham
        data = read_sources([tmp_path / "data"])
        assert data.layout == "ham10000"
        assert [record.split for record in data.records] == [None] * 4 + ["test"] * 2

    def test_leaves_no_archive_and_no_work_folder(
        self, get: Get, ham10000: Published, tmp_path: Path
    ) -> None:
        get(ham10000)
        others = [name for name in tree(tmp_path / "data") if not name.endswith((".jpg", ".csv", ".txt"))]
        assert others == [".dermdistill-download.json"]

    def test_licence_and_attribution_lie_beside_the_images(
        self, get: Get, ham10000: Published, tmp_path: Path
    ) -> None:
        get(ham10000)
        text = (tmp_path / "data" / "LICENCE.txt").read_text()
        assert all(part in text for part in (ham10000.licence, *ham10000.attribution))

    def test_a_table_is_taken_as_it_was_uploaded(self, get: Get, ham10000: Published, server: Server) -> None:
        get(ham10000)
        assert server.asked_for(METADATA) == 1
        assert server.asked_for("/api/access/datafile/1000") == 0

    def test_a_complete_folder_needs_no_network(
        self, get: Get, ham10000: Published, server: Server, tmp_path: Path
    ) -> None:
        get(ham10000)
        before, asked = tree(tmp_path / "data"), len(server.requests)
        assert get(ham10000).is_complete
        assert tree(tmp_path / "data") == before
        assert len(server.requests) == asked

    def test_a_checksum_that_stays_wrong(
        self, get: Get, ham10000: Published, server: Server, tmp_path: Path, expected_ham: dict[str, bytes]
    ) -> None:
        right = server.files[PART_1]
        server.files[PART_1] = right[:-1] + bytes([right[-1] ^ 1])
        outcome = get(ham10000)
        assert not outcome.is_complete
        (failure,) = outcome.failures
        assert "HAM10000_images_part_1.zip: its md5 is" in failure
        assert "tried 2 times; repeat the command" in failure
        assert outcome.completeness.missing == tuple(f"ISIC_000000{i}" for i in range(4))
        assert set(images(tmp_path / "data")) == {name for name in expected_ham if "Test" in name}
        server.files[PART_1] = right
        assert get(ham10000).is_complete
        assert images(tmp_path / "data") == expected_ham

    def test_a_checksum_that_is_wrong_once(self, get: Get, ham10000: Published, server: Server) -> None:
        server.faults[PART_1].append(Fault(body=b"x" * len(server.files[PART_1])))
        assert get(ham10000).is_complete
        assert server.ranges(PART_1) == [None, None]

    def test_a_file_that_the_record_lost(self, get: Get, ham10000: Published, server: Server) -> None:
        server.files[RECORD] = server.files[RECORD].replace(b"HAM10000_images_part_1.zip", b"renamed.zip")
        with pytest.raises(UserError, match=r"has no file HAM10000_images_part_1\.zip any more"):
            get(ham10000)

    def test_an_answer_that_is_no_record(self, get: Get, ham10000: Published, server: Server) -> None:
        server.files[RECORD] = b'{"status": "OK", "data": {}}'
        with pytest.raises(UserError, match="is not as expected"):
            get(ham10000)

    def test_an_answer_that_is_no_json(self, get: Get, ham10000: Published, server: Server) -> None:
        server.files[RECORD] = b"<html>please log in</html>"
        with pytest.raises(UserError, match="something else than JSON"):
            get(ham10000)


class TestChallenge:
    def test_is_read_by_the_data_command(self, get: Get, challenge: Published, tmp_path: Path) -> None:
        outcome = get(challenge)
        assert outcome.is_complete
        data = read_sources([tmp_path / "data"])
        assert data.layout == "isic2019"
        assert [record.diagnosis for record in data.records] == ["melanoma", "nevus", "nevus"]

    def test_what_is_no_lesion_image_stays_packed(
        self, get: Get, challenge: Published, tmp_path: Path
    ) -> None:
        get(challenge)
        names = {name.rpartition("/")[2] for name in visible_names(tmp_path / "data")}
        assert "ISIC_0000000_superpixels.png" not in names
        assert not any(name.startswith("._") for name in names)
        assert "ATTRIBUTION.txt" in names

    def test_a_missing_file(self, get: Get, challenge: Published, server: Server, tmp_path: Path) -> None:
        archive = server.files.pop(ARCHIVE)
        outcome = get(challenge)
        assert "404" in outcome.failures[0]
        assert outcome.completeness.missing == tuple(f"ISIC_000000{i}" for i in range(3))
        assert (tmp_path / "data" / "ISIC_2019_Training_GroundTruth.csv").read_bytes() == server.files[TRUTH]
        server.files[ARCHIVE] = archive
        assert get(challenge).is_complete
        assert server.asked_for(TRUTH) == 1

    def test_an_image_that_the_archive_lacks_is_named(
        self, get: Get, challenge: Published, server: Server
    ) -> None:
        server.files[ARCHIVE] = zipped({f"a/ISIC_000000{i}.jpg": jpeg(i) for i in (0, 2, 5)})
        outcome = get(challenge)
        assert not outcome.is_complete
        assert outcome.completeness.missing == ("ISIC_0000001",)
        assert outcome.completeness.unlisted == ("ISIC_0000005",)

    def test_an_archive_that_is_damaged_on_the_way(
        self, get: Get, challenge: Published, server: Server, tmp_path: Path
    ) -> None:
        broken = bytearray(server.files[ARCHIVE])
        broken[80] ^= 255  # within the first image
        server.faults[ARCHIVE].append(Fault(body=bytes(broken)))
        assert get(challenge).is_complete
        assert images(tmp_path / "data") == {
            f"ISIC_2019_Training_Input/ISIC_000000{i}.jpg": jpeg(i) for i in range(3)
        }

    def test_an_archive_that_stays_damaged(
        self, get: Get, challenge: Published, server: Server, tmp_path: Path
    ) -> None:
        right = server.files[ARCHIVE]
        server.files[ARCHIVE] = right[: len(right) // 2]
        outcome = get(challenge)
        assert "ISIC_2019_Training_Input.zip: is damaged" in outcome.failures[0]
        assert images(tmp_path / "data") == {}
        server.files[ARCHIVE] = right
        assert get(challenge).is_complete

    def test_a_login_page_is_not_taken_for_a_table(
        self, get: Get, challenge: Published, server: Server, tmp_path: Path
    ) -> None:
        server.faults[TRUTH].append(
            Fault(body=b"<html>", headers={"Content-Type": "text/html; charset=utf-8"})
        )
        outcome = get(challenge)
        assert "answers with a web page" in outcome.failures[0]
        assert not (tmp_path / "data" / "ISIC_2019_Training_GroundTruth.csv").exists()
        assert get(challenge).is_complete

    def test_an_unreachable_server_ends_it(
        self, challenge: Published, client: Client, tmp_path: Path, slept: list[float]
    ) -> None:
        hosts = Hosts(challenges="http://127.0.0.1:9")
        with pytest.raises(UserError, match=rf"127.0.0.1:9 cannot be reached; tried {TRIES} times; repeat"):
            download(challenge, tmp_path / "data", hosts, client)
        assert len(slept) == TRIES - 1


class TestCollection:
    def test_is_read_by_the_data_command(self, get: Get, collection: Published, tmp_path: Path) -> None:
        outcome = get(collection)
        assert outcome.is_complete
        assert (outcome.completeness.images, outcome.completeness.tables) == (7, 1)
        data = read_sources([tmp_path / "data"])
        assert [record.diagnosis for record in data.records] == ["melanoma", "nevus"] * 3 + ["melanoma"]
        assert len({record.lesion_id for record in data.records}) == 4

    def test_a_missing_image_is_named_and_fetched_later(
        self, get: Get, collection: Published, server: Server, tmp_path: Path
    ) -> None:
        image = server.files.pop("/images/ISIC_0000004.jpg")
        outcome = get(collection)
        assert outcome.completeness.missing == ("ISIC_0000004",)
        assert len(outcome.failures) == 1
        server.files["/images/ISIC_0000004.jpg"] = image
        assert get(collection).is_complete
        assert server.asked_for("/images/ISIC_0000003.jpg") == 1
        assert images(tmp_path / "data")["images/ISIC_0000004.jpg"] == image

    def test_an_image_of_another_size_than_published(
        self, get: Get, collection: Published, server: Server, tmp_path: Path
    ) -> None:
        image = server.files["/images/ISIC_0000004.jpg"]
        server.files["/images/ISIC_0000004.jpg"] = image[:-9]
        outcome = get(collection)
        assert f"has {len(image) - 9:,} bytes, but {len(image):,} are published" in outcome.failures[0]
        assert "images/ISIC_0000004.jpg" not in images(tmp_path / "data")
        server.files["/images/ISIC_0000004.jpg"] = image
        assert get(collection).is_complete

    def test_an_id_that_is_a_path_is_refused(
        self, get: Get, collection: Published, server: Server, tmp_path: Path
    ) -> None:
        first = next(path for path in server.files if path.startswith("/images/search"))
        server.files[first] = server.files[first].replace(
            b'"isic_id": "ISIC_0000001"', b'"isic_id": "../../a"'
        )
        with pytest.raises(UserError, match=r"\.\./\.\./a: is not an id"):
            get(collection)
        assert not (tmp_path / "a.jpg").exists()

    def test_a_list_that_breaks_off_goes_on(self, get: Get, collection: Published, server: Server) -> None:
        second = next(path for path in server.files if "cursor" in path)
        server.faults[second] += [Fault(status=403)]
        with pytest.raises(UserError, match="403"):
            get(collection)
        assert get(collection).is_complete
        assert server.asked_for("/images/ISIC_0000000.jpg") == 1


@pytest.mark.parametrize("kind", ["ham10000", "challenge", "collection"])
class TestOfAllKinds:
    @pytest.fixture
    def published(self, kind: str, request: pytest.FixtureRequest) -> Published:
        published: Published = request.getfixturevalue(kind)
        return published

    @pytest.fixture
    def large(self, kind: str) -> str:
        return {"ham10000": PART_1, "challenge": ARCHIVE, "collection": "/images/ISIC_0000002.jpg"}[kind]

    @pytest.fixture
    def complete(
        self, published: Published, hosts: Hosts, client: Client, tmp_path: Path, server: Server
    ) -> dict[str, bytes]:
        """The images of a download without any fault."""
        download(published, tmp_path / "undisturbed", hosts, client)
        server.requests.clear()
        return images(tmp_path / "undisturbed")

    @pytest.mark.parametrize(
        "fault",
        [
            Fault(cut=0),
            Fault(cut=100),
            Fault(status=429, headers={"Retry-After": "7"}),
            Fault(status=500),
            Fault(status=503),
        ],
        ids=["cut at once", "cut in the middle", "429", "500", "503"],
    )
    def test_a_fault_that_passes(
        self,
        fault: Fault,
        get: Get,
        published: Published,
        large: str,
        complete: dict[str, bytes],
        server: Server,
        tmp_path: Path,
        slept: list[float],
    ) -> None:
        server.faults[large].append(fault)
        assert get(published).is_complete
        assert images(tmp_path / "data") == complete
        assert slept == [7.0 if fault.status == 429 else 2.0]

    def test_a_server_that_stays_busy(
        self,
        get: Get,
        published: Published,
        large: str,
        complete: dict[str, bytes],
        server: Server,
        tmp_path: Path,
    ) -> None:
        server.faults[large] += [Fault(status=500)] * TRIES
        outcome = get(published)
        assert any("answers 500" in line and f"tried {TRIES} times" in line for line in outcome.failures)
        assert_nothing_half_written(tmp_path / "data", complete)
        assert get(published).is_complete
        assert images(tmp_path / "data") == complete

    def test_a_connection_that_is_cut_for_good_is_resumed_by_the_next_call(
        self,
        get: Get,
        published: Published,
        large: str,
        complete: dict[str, bytes],
        server: Server,
        tmp_path: Path,
    ) -> None:
        server.faults[large] += [Fault(cut=200), *[Fault(cut=0)] * TRIES]
        with pytest.raises(UserError, match="the connection was cut; tried"):
            get(published)
        assert_nothing_half_written(tmp_path / "data", complete)
        server.requests.clear()
        server.faults.clear()
        assert get(published).is_complete
        assert server.ranges(large) == ["bytes=200-"]
        assert images(tmp_path / "data") == complete

    def test_damaged_missing_and_strange_files(
        self, get: Get, published: Published, complete: dict[str, bytes], tmp_path: Path
    ) -> None:
        get(published)
        folder = tmp_path / "data"
        changed, removed, *_ = complete
        (folder / changed).write_bytes(complete[changed][:-1] + b"?")
        (folder / removed).unlink()
        (folder / "mine.txt").write_text("mine")
        outcome = get(published)
        assert outcome.is_complete
        assert outcome.damaged == (changed,)
        assert set(outcome.extra_files) == {"mine.txt", f"{changed}.damaged"}
        assert images(folder) == complete
        assert (folder / f"{changed}.damaged").read_bytes() == complete[changed][:-1] + b"?"
        assert (folder / "mine.txt").read_text() == "mine"

    def test_a_full_disk(
        self,
        get: Get,
        published: Published,
        large: str,
        complete: dict[str, bytes],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        opened = Path.open

        def almost_full(self: Path, mode: str = "r", **kwargs: Any) -> Any:
            return (
                _AlmostFull(self, mode)
                if self.suffix == ".part" and "r" not in mode
                else opened(self, mode, **kwargs)
            )

        with monkeypatch.context() as patched:
            patched.setattr(Path, "open", almost_full)
            with pytest.raises(UserError, match=r"No space left on device.*free some space"):
                get(published)
        assert_nothing_half_written(tmp_path / "data", complete)
        assert get(published).is_complete
        assert images(tmp_path / "data") == complete

    def test_a_folder_with_other_files(self, get: Get, published: Published, tmp_path: Path) -> None:
        folder = tmp_path / "data"
        folder.mkdir()
        (folder / "thesis.tex").write_text("mine")
        with pytest.raises(
            UserError, match="holds other files and is not a download of this command; choose an empty or new"
        ):
            get(published)
        assert tree(folder) == {"thesis.tex": b"mine"}

    def test_a_file_that_came_into_the_way_is_not_overwritten(
        self, get: Get, published: Published, server: Server, large: str, tmp_path: Path, kind: str
    ) -> None:
        server.faults[large] += [Fault(status=404)]
        get(published)
        mine = {
            "ham10000": "HAM10000_images_part_1/ISIC_0000002.jpg",
            "challenge": "ISIC_2019_Training_Input/ISIC_0000002.jpg",
            "collection": "images/ISIC_0000002.jpg",
        }[kind]
        path = tmp_path / "data" / mine
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"mine")
        if kind == "collection":  # noted as ours before it came; what lies there is set aside
            assert get(published).is_complete
            assert path.with_name(f"{path.name}.damaged").read_bytes() == b"mine"
            return
        with pytest.raises(UserError, match="exists, and this command did not write it; move it away"):
            get(published)
        assert path.read_bytes() == b"mine"
        path.rename(tmp_path / "mine.jpg")
        assert get(published).is_complete

    def test_no_room_is_said_before_anything_is_written(
        self, get: Get, published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patched:
            patched.setattr("shutil.disk_usage", lambda folder: _Usage(free=1))
            with pytest.raises(UserError, match=r"needs 0\.0 GB"):
                get(published)
        assert images(tmp_path / "data") == {}
        assert get(published).is_complete


class _AlmostFull(io.FileIO):
    """A file on a disk that has room for 300 bytes."""

    def write(self, content: Any) -> int:
        if self.tell() + len(content) > 300:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.name)
        return super().write(content)


class _Usage:
    def __init__(self, free: int) -> None:
        self.free = free


class TestOtherFolders:
    def test_of_another_data_set(
        self, get: Get, ham10000: Published, challenge: Published, tmp_path: Path
    ) -> None:
        get(ham10000)
        before = tree(tmp_path / "data")
        with pytest.raises(UserError, match="holds ham10000; choose another folder for isic2019"):
            get(challenge)
        assert tree(tmp_path / "data") == before

    def test_a_system_left_something(self, get: Get, challenge: Published, tmp_path: Path) -> None:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / ".DS_Store").write_bytes(b"")
        assert get(challenge).is_complete

    def test_a_file(self, get: Get, challenge: Published, tmp_path: Path) -> None:
        (tmp_path / "data").write_text("mine")
        with pytest.raises(UserError, match="is a file; expected a folder"):
            get(challenge)

    def test_a_damaged_ledger(self, get: Get, challenge: Published, tmp_path: Path) -> None:
        get(challenge)
        (tmp_path / "data" / ".dermdistill-download.json").write_text("{")
        with pytest.raises(UserError, match=r"\.dermdistill-download\.json: cannot be read"):
            get(challenge)

    def test_a_link_that_leads_out_of_the_folder(
        self, get: Get, challenge: Published, tmp_path: Path
    ) -> None:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / ".DS_Store").write_bytes(b"")
        get(challenge)
        for path in sorted((tmp_path / "data" / "ISIC_2019_Training_Input").iterdir()):
            path.unlink()
        (tmp_path / "data" / "ISIC_2019_Training_Input").rmdir()
        (tmp_path / "data" / "ISIC_2019_Training_Input").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(UserError, match="is a link that leads out of"):
            get(challenge)
        assert tree(tmp_path / "elsewhere") == {}


def _download_and_hang(published: Published, folder: Path, hosts: Hosts) -> None:
    """In a process of its own: hang where the first image has got its name."""
    move = Path.replace

    def hang(self: Path, target: Path) -> Path:
        moved = move(self, target)
        while target.suffix == ".jpg" and not target.is_relative_to(folder / ".dermdistill-download.part"):
            time.sleep(60)
        return moved

    Path.replace = hang  # type: ignore[assignment, method-assign]
    download(published, folder, hosts, Client(lambda line: None))


@pytest.mark.parametrize("kind", ["ham10000", "challenge", "collection"])
def test_killed_in_the_middle_it_goes_on(
    kind: str, hosts: Hosts, client: Client, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    published: Published = request.getfixturevalue(kind)
    download(published, tmp_path / "undisturbed", hosts, client)
    complete = images(tmp_path / "undisturbed")
    folder = tmp_path / "data"
    process = multiprocessing.get_context("spawn").Process(
        target=_download_and_hang, args=(published, folder, hosts)
    )
    process.start()
    while process.is_alive() and not visible_names(folder, ".jpg"):
        time.sleep(0.01)
    process.kill()
    process.join()
    assert 0 < len(images(folder)) < len(complete)
    assert_nothing_half_written(folder, complete)
    assert download(published, folder, hosts, client).is_complete
    assert images(folder) == complete
