"""Each layout in miniature: read as it should be, or refused; and the table of docs/layouts.md.

``python -m tests.data.sources.test_layouts`` writes that table anew.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from dermdistill.data.sources import read_sources
from dermdistill.errors import UserError
from dermdistill.reading import Reading
from dermdistill.records import Record
from tests.data.sources.miniatures import Miniature, dermamnist, pixels
from tests.data.sources.own_miniatures import FOLDERS, OWN
from tests.data.sources.published_miniatures import PUBLISHED

ALL = (*PUBLISHED, *FOLDERS, *OWN)
DOCS = Path(__file__).parents[3] / "docs" / "layouts.md"
_BEGIN, _END = "<!-- table: begin -->\n", "<!-- table: end -->"


def titles(miniature: Miniature) -> str:
    return miniature.title.replace(" ", "-")


@pytest.mark.parametrize("miniature", ALL, ids=titles)
def test_what_each_image_shows(miniature: Miniature, tmp_path: Path) -> None:
    path = miniature.build(tmp_path)
    if miniature.shows is None:
        with pytest.raises(UserError) as caught:
            read_sources([path], miniature.reading)
        assert "\n" not in str(caught.value)
        return
    records = read_sources([path], miniature.reading).records
    found = {record.image_id: "/".join(filter(None, (record.diagnosis, record.split))) for record in records}
    assert found == miniature.shows
    assert all(record.image.decode().shape[2] == 3 for record in records)


def records_of(title: str, root: Path) -> dict[str, Record]:
    miniature = miniature_of(title)
    return {
        record.image_id: record for record in read_sources([miniature.build(root)], miniature.reading).records
    }


@pytest.mark.parametrize(
    ("title", "image", "details"),
    [
        ("HAM10000", "ISIC_0000001", ("HAM_1", None, 80.0, "male", "scalp", None, "vidir_modern")),
        ("ISIC Archive export", "ISIC_0000001", ("IL_1", "IP_1", 55.0, "female", "head/neck", "II", "MSK")),
        ("ISIC 2017", "ISIC_0000001", ("ISIC_0000001", None, 55.0, "female", None, None, None)),
        ("ISIC 2018, task 3", "ISIC_0000001", ("HAM_1", None, None, None, None, None, None)),
        (
            "ISIC 2019",
            "ISIC_0000001_downsampled",
            ("MSK4_0011169", None, 55.0, "female", "anterior torso", None, None),
        ),
        ("ISIC 2020", "ISIC_0000001", ("ISIC_0000001", "IP_1", 45.0, "male", "head/neck", None, None)),
        ("ISIC 2024 (HDF5)", "ISIC_0000001", ("IL_1", "IP_1", 60.0, "male", "torso", None, "MSK")),
        ("PAD-UFES-20", "PAT_1_10_100", ("10", "PAT_1", 55.0, "female", "NECK", "III", None)),
        ("derm7pt", "Nel026", ("derm7pt_0", None, None, "male", "back", None, None)),
        ("DDI", "000001", ("000001", None, None, None, None, "56", None)),
        ("MILK10k", "ISIC_0000002", ("IL_1", None, 60.0, "male", "trunk", "3", "MILK")),
    ],
)
def test_details_of_lesion_and_patient(
    title: str, image: str, details: tuple[object, ...], tmp_path: Path
) -> None:
    record = records_of(title, tmp_path)[image]
    assert details == (
        *(record.lesion_id, record.patient_id, record.age, record.sex, record.site, record.skin_type),
        record.collection,
    )


def test_the_second_skin_type_where_the_first_is_unknown(tmp_path: Path) -> None:
    assert sorted(str(r.skin_type) for r in records_of("Fitzpatrick17k", tmp_path).values()) == ["III", "V"]


def test_duplicates_of_2020_are_one_lesion(tmp_path: Path) -> None:
    records = records_of("ISIC 2020", tmp_path)
    assert records["ISIC_0000003"].lesion_id == records["ISIC_0000004"].lesion_id


def test_pixels_of_an_npz_file_in_any_order(tmp_path: Path) -> None:
    records = records_of("MedMNIST: DermaMNIST", tmp_path)
    with np.load(tmp_path / "dermamnist.npz") as arrays:
        for split, index in (("train", 2), ("train", 0), ("val", 1), ("test", 1), ("train", 1)):
            expected = arrays[f"{split}_images"][index]
            assert np.array_equal(records[f"{split}-{index:05d}"].image.decode(), expected)


def test_several_npz_files_are_not_chosen_from(tmp_path: Path) -> None:
    dermamnist(tmp_path)
    (tmp_path / "dermamnist.npz").rename(tmp_path / "dermamnist_64.npz")
    dermamnist(tmp_path)
    with pytest.raises(UserError, match=r"several files hold images \(dermamnist.npz, dermamnist_64.npz\)"):
        read_sources([tmp_path])
    assert read_sources([tmp_path / "dermamnist_64.npz"]).layout == "medmnist"


def miniature_of(title: str) -> Miniature:
    (found,) = (each for each in ALL if each.title == title)
    return found


def test_hdf5_needs_h5py_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = miniature_of("ISIC 2024 (HDF5)").build(tmp_path)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(UserError, match=r"train-image\.hdf5: reading it needs h5py; pip install"):
        read_sources([path])


def test_damaged_packed_images_are_named(tmp_path: Path) -> None:
    path = miniature_of("ISIC 2024 (HDF5)").build(tmp_path / "hdf5")
    (path / "train-image.hdf5").write_bytes(b"not HDF5")
    with pytest.raises(UserError, match=r"train-image\.hdf5: cannot read as HDF5 .*; download it again"):
        read_sources([tmp_path / "hdf5"])
    dermamnist(tmp_path)
    content = (tmp_path / "dermamnist.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"cut\.npz: damaged, or no \.npz file; download it again"):
        read_sources([tmp_path / "cut.npz"])


def test_arrays_of_different_lengths(tmp_path: Path) -> None:
    np.save(tmp_path / "X_train.npy", pixels(3, 0))
    np.save(tmp_path / "y_train.npy", np.array(["melanoma", "nevus"]))
    with pytest.raises(UserError, match="y_train holds 2 labels for 3 images"):
        read_sources([tmp_path])
    np.save(tmp_path / "y_train.npy", np.array([["melanoma"], ["nevus"], ["unknown"]]))
    data = read_sources([tmp_path])
    assert [record.diagnosis for record in data.records] == ["melanoma", "nevus"]
    assert data.notes[0] == "left out, no diagnosis: unknown (1 image)"


def test_labels_with_a_column_a_class(tmp_path: Path) -> None:
    np.save(tmp_path / "X_train.npy", pixels(3, 0))
    np.save(tmp_path / "y_train.npy", np.array([[0, 1], [1, 0], [0, 1]]))
    found = read_sources([tmp_path], Reading(positive=("1",))).records
    assert [record.is_melanoma for record in found] == [True, False, True]


def outcome(miniature: Miniature, root: Path) -> str:
    """What the program says of a miniature, for a person."""
    try:
        dataset = read_sources([miniature.build(root)], miniature.reading)
    except UserError as error:
        return "refused: " + str(error).replace(str(root), "DATA")
    counts = Counter(record.diagnosis for record in dataset.records)
    shown = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    return f"read as `{dataset.layout}`: {shown}" + "".join(f"; {note}" for note in dataset.notes)


def table() -> str:
    """The table of all miniatures in Markdown."""
    lines: list[str] = []
    for heading, miniatures in (
        ("Published", PUBLISHED),
        ("Folders", FOLDERS),
        ("One's own", OWN),
    ):
        lines += [f"## {heading}", "", "| data | what the program says |", "|---|---|"]
        for each in miniatures:
            with tempfile.TemporaryDirectory() as root:
                said = outcome(each, Path(root)).replace("|", "\\|")
            options = f" (`{each.options}`)" if each.options else ""
            lines.append(f"| {each.title}{options} | {said} |")
        lines.append("")
    return "\n".join(lines)


def test_the_table_of_the_docs_is_what_the_program_says() -> None:
    before, _, rest = DOCS.read_text().partition(_BEGIN)
    written, _, after = rest.partition(_END)
    assert written == table(), "write it anew: python -m tests.data.sources.test_layouts"
    assert before
    assert after == "\n"


def write_table() -> None:
    before = DOCS.read_text().partition(_BEGIN)[0]
    DOCS.write_text(f"{before}{_BEGIN}{table()}{_END}\n")


if __name__ == "__main__":
    write_table()
