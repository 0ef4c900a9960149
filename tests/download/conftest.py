import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from PIL import Image

from dermdistill.download.client import Client
from dermdistill.download.published import ChallengeFiles, DataverseFiles, Hosts, IsicCollection, Published

from .server import Server, publish_collection, publish_dataverse, serving

DOI = "10.7910/DVN/TEST"
HAM = (
    "HAM10000_metadata",
    "ISIC2018_Task3_Test_GroundTruth",
    "HAM10000_images_part_1.zip",
    "ISIC2018_Task3_Test_Images.zip",
)
COLUMNS = "lesion_id,image_id,dx,dx_type,age,sex,localization"


def jpeg(shade: int) -> bytes:
    """A small image of its own."""
    written = io.BytesIO()
    Image.new("RGB", (8, 8), (shade * 37 % 256, shade * 91 % 256, 90)).save(written, "JPEG")
    return written.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """An archive of these files."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return written.getvalue()


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def visible_names(folder: Path, suffix: str = "") -> list[str]:
    """The files below a folder with names that end so, but hidden ones and those in hidden folders.

    Opens no file and passes over folders that vanish, so it may be asked while another process writes there.
    """
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in files if not name.startswith(".") and name.endswith(suffix)]
    return sorted(path.relative_to(folder).as_posix() for path in found)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of these tests are small; they come in several chunks all the same."""
    monkeypatch.setattr("dermdistill.download.client._CHUNK", 100)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def hosts(server: Server) -> Hosts:
    return Hosts(dataverse=server.url, challenges=f"{server.url}/challenges", isic_api=server.url)


@pytest.fixture
def said() -> list[str]:
    """What the client said."""
    return []


@pytest.fixture
def slept() -> list[float]:
    """How long the client would have waited, in seconds."""
    return []


@pytest.fixture
def client(said: list[str], slept: list[float]) -> Client:
    return Client(said.append, sleep=slept.append, timeout=5)


@pytest.fixture
def ham10000(server: Server) -> Published:
    """HAM10000 in miniature: four images, two test images, and the one without a file."""
    rows = [
        f"HAM_{i},ISIC_000000{i},{dx},histo,50.0,male,back" for i, dx in enumerate(["mel", "nv", "nv", "bcc"])
    ]
    test = [f"HAM_{i},ISIC_003500{i},{dx},histo,50.0,male,back" for i, dx in enumerate(["mel", "nv"])]
    test.append("HAM_9,ISIC_0035068,nv,histo,50.0,male,back")
    publish_dataverse(
        server,
        DOI,
        {
            "HAM10000_metadata.tab": ("HAM10000_metadata", "\n".join([COLUMNS, *rows, ""]).encode()),
            "HAM10000_images_part_1.zip": (
                "HAM10000_images_part_1.zip",
                zipped({f"ISIC_000000{i}.jpg": jpeg(i) for i in range(4)}),
            ),
            "ISIC2018_Task3_Test_GroundTruth.tab": (
                "ISIC2018_Task3_Test_GroundTruth.csv",
                "\n".join([COLUMNS, *test, ""]).encode(),
            ),
            "ISIC2018_Task3_Test_Images.zip": (
                "ISIC2018_Task3_Test_Images.zip",
                zipped({f"ISIC2018_Task3_Test_Images/ISIC_003500{i}.jpg": jpeg(50 + i) for i in range(2)}),
            ),
            "unwanted.zip": ("unwanted.zip", b"of another purpose"),
        },
    )
    return Published(
        "ham10000",
        images="6",
        size="1 kB",
        licence="CC BY-NC 4.0, https://example.org/licence",
        attribution=("The makers of HAM10000", "Their article"),
        origin=DataverseFiles(DOI, HAM),
        without_file=frozenset({"ISIC_0035068"}),
    )


@pytest.fixture
def challenge(server: Server) -> Published:
    """The challenge of 2019 in miniature, with what lies beside the images in other years' archives."""
    folder = "ISIC_2019_Training_Input"
    truth = "image,MEL,NV\nISIC_0000000,1.0,0.0\nISIC_0000001,0.0,1.0\nISIC_0000002,0.0,1.0\n"
    server.files["/challenges/2019/ISIC_2019_Training_GroundTruth.csv"] = truth.encode()
    server.files["/challenges/2019/ISIC_2019_Training_Input.zip"] = zipped(
        {
            **{f"{folder}/ISIC_000000{i}.jpg": jpeg(i) for i in range(3)},
            f"{folder}/ISIC_0000000_superpixels.png": b"no lesion",
            f"{folder}/ATTRIBUTION.txt": b"by its makers",
            "__MACOSX/._ISIC_0000000.jpg": b"of a system",
        }
    )
    return Published(
        "isic2019",
        images="3",
        size="1 kB",
        licence="CC BY-NC 4.0, https://example.org/licence",
        attribution=("The makers of the challenge",),
        origin=ChallengeFiles(
            "2019",
            ("ISIC_2019_Training_GroundTruth.csv", "ISIC_2019_Training_Input.zip"),
            left_packed="_superpixels.png",
        ),
    )


@pytest.fixture
def collection(server: Server) -> Published:
    """A collection of seven images on three pages."""
    publish_collection(server, 425, {f"ISIC_000000{i}": jpeg(i) for i in range(7)}, page=3)
    return Published(
        "milk10k",
        images="7",
        size="1 kB",
        licence="CC BY-NC 4.0, https://example.org/licence",
        attribution=("MILK study team",),
        origin=IsicCollection(425),
    )
