"""Each data set with its real file names, in miniature: what comes is what ``dermdistill data`` reads."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from dermdistill.data.sources import read_sources
from dermdistill.download.client import Client
from dermdistill.download.job import download
from dermdistill.download.published import DataverseFiles, Hosts, find

from .conftest import COLUMNS, jpeg, zipped
from .server import Server, publish_collection, publish_dataverse


@pytest.fixture
def challenges(server: Server) -> None:
    """The files of four challenges."""
    _publish_2017(server)
    _publish_2018(server)
    _publish_2019(server)
    _publish_2020(server)


def fetched(name: str, folder: Path, hosts: Hosts, client: Client) -> tuple[int, int]:
    """Download; the images and the tables that came."""
    published = find(name)
    assert published is not None
    outcome = download(published, folder, hosts, client)
    assert outcome.is_complete
    assert outcome.completeness.unlisted == ()
    return outcome.completeness.images, outcome.completeness.tables


def splits(folder: Path) -> Counter[str | None]:
    return Counter(record.split for record in read_sources([folder]).records)


@pytest.mark.usefixtures("challenges")
class TestChallenges:
    def test_2017(self, hosts: Hosts, client: Client, tmp_path: Path) -> None:
        assert fetched("isic2017", tmp_path / "data", hosts, client) == (6, 6)
        assert splits(tmp_path / "data") == {"train": 2, "val": 2, "test": 2}
        assert not list((tmp_path / "data").rglob("*superpixels*"))

    def test_2018(self, hosts: Hosts, client: Client, tmp_path: Path) -> None:
        assert fetched("isic2018", tmp_path / "data", hosts, client) == (7, 4)
        assert splits(tmp_path / "data") == {"train": 3, "val": 2, "test": 2}
        lesions = {
            record.lesion_id
            for record in read_sources([tmp_path / "data"]).records
            if record.split == "train"
        }
        assert lesions == {"HAM_0"}

    def test_2019(self, hosts: Hosts, client: Client, tmp_path: Path) -> None:
        assert fetched("isic2019", tmp_path / "data", hosts, client) == (5, 4)
        assert splits(tmp_path / "data") == {"train": 3, "test": 2}

    def test_2020(self, hosts: Hosts, client: Client, tmp_path: Path) -> None:
        assert fetched("isic2020", tmp_path / "data", hosts, client) == (5, 2)
        records = read_sources([tmp_path / "data"]).records
        assert [record.diagnosis for record in records] == ["melanoma", "benign", "benign"]
        assert {record.patient_id for record in records} == {"IP_1"}


def test_ham10000(server: Server, hosts: Hosts, client: Client, tmp_path: Path) -> None:
    published = find("ham10000")
    assert published is not None
    assert isinstance(published.origin, DataverseFiles)
    row = "HAM_{0},ISIC_{0:07},{1},histo,50.0,male,back"
    table = [COLUMNS, *(row.format(i, "mel" if i % 2 else "nv") for i in range(24306, 24310)), ""]
    test = [COLUMNS, row.format(34524, "nv"), row.format(35068, "nv"), ""]
    archives = {
        "HAM10000_images_part_1.zip": zipped({f"ISIC_{i:07}.jpg": jpeg(i) for i in (24306, 24307)}),
        "HAM10000_images_part_2.zip": zipped({f"ISIC_{i:07}.jpg": jpeg(i) for i in (24308, 24309)}),
        "ISIC2018_Task3_Test_Images.zip": zipped({"ISIC2018_Task3_Test_Images/ISIC_0034524.jpg": jpeg(7)}),
    }
    publish_dataverse(
        server,
        published.origin.doi,
        {
            "HAM10000_metadata.tab": ("HAM10000_metadata", "\n".join(table).encode()),
            "ISIC2018_Task3_Test_GroundTruth.tab": ("GroundTruth.csv", "\n".join(test).encode()),
            **{name: (name, content) for name, content in archives.items()},
        },
    )
    assert fetched("ham10000", tmp_path / "data", hosts, client) == (5, 2)
    assert splits(tmp_path / "data") == {None: 4, "test": 1}


def test_milk10k(server: Server, hosts: Hosts, client: Client, tmp_path: Path) -> None:
    publish_collection(server, 425, {f"ISIC_{i:07}": jpeg(i) for i in range(6)}, page=2)
    assert fetched("milk10k", tmp_path / "data", hosts, client) == (6, 1)
    assert {record.diagnosis for record in read_sources([tmp_path / "data"]).records} == {"melanoma", "nevus"}


def _table(header: str, rows: Iterable[str]) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def _images(folder: str, ids: Iterable[int], **others: bytes) -> bytes:
    files = {f"{folder}/ISIC_{i:07}.jpg": jpeg(i) for i in ids}
    return zipped(
        files | {f"{folder}/{name.replace('__', '.')}": content for name, content in others.items()}
    )


def _publish_2017(server: Server) -> None:
    for split, first in (("Training", 0), ("Validation", 2), ("Test_v2", 4)):
        ids = (first, first + 1)
        stem = f"/challenges/2017/ISIC-2017_{split}"
        truth = (f"ISIC_{i:07},{float(i % 2)},0.0" for i in ids)
        server.files[f"{stem}_Part3_GroundTruth.csv"] = _table(
            "image_id,melanoma,seborrheic_keratosis", truth
        )
        folder = f"ISIC-2017_{split}_Data"
        age = _table("image_id,age_approximate,sex", (f"ISIC_{i:07},50,male" for i in ids))
        server.files[f"{stem}_Data.zip"] = zipped(
            {
                **{f"{folder}/ISIC_{i:07}.jpg": jpeg(i) for i in ids},
                **{f"{folder}/ISIC_{i:07}_superpixels.png": b"no lesion" for i in ids},
                f"{folder}/{folder}_metadata.csv": age,
            }
        )


def _publish_2018(server: Server) -> None:
    for split, ids in (("Training", range(3)), ("Validation", range(3, 5)), ("Test", range(5, 7))):
        stem = f"ISIC2018_Task3_{split}"
        truth = _table("image,MEL,NV", (f"ISIC_{i:07},{float(i % 2)},{float(1 - i % 2)}" for i in ids))
        folder = f"{stem}_GroundTruth"
        server.files[f"/challenges/2018/{folder}.zip"] = zipped({f"{folder}/{folder}.csv": truth})
        server.files[f"/challenges/2018/{stem}_Input.zip"] = _images(
            f"{stem}_Input", ids, LICENSE__txt=b"terms", ATTRIBUTION__txt=b"makers"
        )
    server.files["/challenges/2018/ISIC2018_Task3_Training_LesionGroupings.csv"] = _table(
        "image,lesion_id,diagnosis_confirm_type", (f"ISIC_{i:07},HAM_0,histopathology" for i in range(3))
    )


def _publish_2019(server: Server) -> None:
    for split, ids in (("Training", range(3)), ("Test", range(3, 5))):
        stem = f"ISIC_2019_{split}"
        truth = _table("image,MEL,NV", (f"ISIC_{i:07},{float(i % 2)},{float(1 - i % 2)}" for i in ids))
        server.files[f"/challenges/2019/{stem}_GroundTruth.csv"] = truth
        server.files[f"/challenges/2019/{stem}_Metadata.csv"] = _table(
            "image,age_approx,anatom_site_general,sex", (f"ISIC_{i:07},50,head/neck,male" for i in ids)
        )
        server.files[f"/challenges/2019/{stem}_Input.zip"] = _images(f"{stem}_Input", ids)


def _publish_2020(server: Server) -> None:
    stem = "/challenges/2020/ISIC_2020"
    server.files[f"{stem}_Training_GroundTruth_v2.csv"] = _table(
        "image_name,patient_id,lesion_id,sex,age_approx,anatom_site_general_challenge,diagnosis,benign_malignant,"
        "target",
        (
            f"ISIC_{i:07},IP_1,IL_{i},male,50,torso,{'unknown' if i else 'melanoma'},"
            f"{'benign' if i else 'malignant'},{int(not i)}"
            for i in range(3)
        ),
    )
    server.files[f"{stem}_Training_Duplicates.csv"] = _table("image_name_1,image_name_2", [])
    server.files[f"{stem}_Test_Metadata.csv"] = _table(
        "image,patient,sex,age_approx,anatom_site_general",
        (f"ISIC_{i:07},IP_2,male,50,torso" for i in (8, 9)),
    )
    server.files[f"{stem}_Training_JPEG.zip"] = _images("train", range(3))
    server.files[f"{stem}_Test_JPEG.zip"] = _images("ISIC_2020_Test_Input", (8, 9))
