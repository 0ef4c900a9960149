from collections.abc import Callable
from pathlib import Path

import pytest

from dermdistill.data.images import ImageFile
from dermdistill.data.sources import ham10000
from dermdistill.data.splits import split
from dermdistill.errors import SeveralError, UserError

Picture = Callable[..., Path]

HEADER = "lesion_id,image_id,dx,dx_type,age,sex,localization,dataset"
CODES = {
    "mel": "melanoma",
    "nv": "nevus",
    "bcc": "basal cell carcinoma",
    "akiec": "actinic keratosis",
    "bkl": "benign keratosis",
    "df": "dermatofibroma",
    "vasc": "vascular lesion",
}


@pytest.fixture
def root(tmp_path: Path, picture: Picture) -> Path:
    """All seven diagnoses, one lesion with two images, in both parts of the archive."""
    rows = [f"HAM_{i},ISIC_002430{i},{dx},histo,{40 + i}.0,male,back,rosendahl" for i, dx in enumerate(CODES)]
    rows.append("HAM_0,ISIC_0024309,mel,histo,,unknown,unknown,vidir_modern")
    for number in range(7):
        picture(tmp_path / f"HAM10000_images_part_{1 + number % 2}" / f"ISIC_002430{number}.jpg")
    picture(tmp_path / "HAM10000_images_part_2" / "ISIC_0024309.jpg")
    (tmp_path / "HAM10000_metadata.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    return tmp_path


def add_line(path: Path, line: str) -> None:
    path.write_text(path.read_text() + line + "\n")


class TestMetadata:
    def test_records(self, root: Path) -> None:
        data = ham10000.read(root)
        assert data.layout == "ham10000"
        assert data.notes == ()
        assert [record.diagnosis for record in data.records] == [*CODES.values(), "melanoma"]
        first, last = data.records[0], data.records[-1]
        assert first.image == ImageFile(root / "HAM10000_images_part_1" / "ISIC_0024300.jpg")
        assert (first.image_id, first.lesion_id, first.patient_id) == ("ISIC_0024300", "HAM_0", None)
        assert (first.age, first.sex, first.site, first.collection) == (40.0, "male", "back", "rosendahl")
        assert (last.lesion_id, last.age, last.sex, last.site) == ("HAM_0", None, None, None)
        assert {record.split for record in data.records} == {None}

    @pytest.mark.parametrize("ending", [".tab", ""])
    def test_the_tab_separated_download(self, root: Path, ending: str) -> None:
        table = root / "HAM10000_metadata.csv"
        (root / f"HAM10000_metadata{ending}").write_text(table.read_text().replace(",", "\t"))
        table.unlink()
        assert len(ham10000.read(root).records) == 8

    def test_images_of_another_ending_and_in_any_folder(self, root: Path, picture: Picture) -> None:
        (root / "HAM10000_images_part_1" / "ISIC_0024300.jpg").unlink()
        moved = picture(root / "elsewhere" / "deeper" / "ISIC_0024300.PNG")
        assert ham10000.read(root).records[0].image == ImageFile(moved)

    def test_images_behind_a_link(self, root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
        outside = tmp_path_factory.mktemp("disk") / "part_1"
        (root / "HAM10000_images_part_1").rename(outside)
        (root / "HAM10000_images_part_1").symlink_to(outside)
        (outside / "round").symlink_to(root)
        assert len(ham10000.read(root).records) == 8

    def test_images_without_a_row_are_counted(self, root: Path, picture: Picture) -> None:
        picture(root / "masks" / "ISIC_0024300_segmentation.png")
        picture(root / "__MACOSX" / "ISIC_0024300.jpg", size=(1, 1))
        assert ham10000.read(root).notes == ("1 image files left out: no row gives their diagnosis",)

    def test_a_mirror_that_holds_every_image_twice(self, root: Path, picture: Picture) -> None:
        copy = picture(root / "ham10000_images_part_1" / "ISIC_0024300.jpg")
        assert len(ham10000.read(root).records) == 8
        picture(copy, size=(60, 60))
        with pytest.raises(UserError, match="which has the same name; keep one of them"):
            ham10000.read(root)


class TestOfficialTestSet:
    def test_one_hot_ground_truth(self, root: Path, picture: Picture) -> None:
        # As the challenge publishes it, unpacked with the folders of its archives.
        truth = root / "ISIC2018_Task3_Test_GroundTruth" / "ISIC2018_Task3_Test_GroundTruth.csv"
        truth.parent.mkdir()
        truth.write_text(
            "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC\n"
            "ISIC_0034524,0.0,1.0,0.0,0.0,0.0,0.0,0.0\n"
            "ISIC_0034525,1.0,0.0,0.0,0.0,0.0,0.0,0.0\n"
            "ISIC_0035068,0.0,0.0,0.0,0.0,1.0,0.0,0.0\n"
        )
        for number in (24, 25):
            picture(
                root / "ISIC2018_Task3_Test_Input" / "ISIC2018_Task3_Test_Input" / f"ISIC_00345{number}.jpg"
            )
        data = ham10000.read(root)
        test = [record for record in data.records if record.split == "test"]
        assert [(r.image_id, r.diagnosis) for r in test] == [
            ("ISIC_0034524", "nevus"),
            ("ISIC_0034525", "melanoma"),
        ]
        assert data.notes == (
            "ISIC2018_Task3_Test_GroundTruth.csv: 1 of 3 rows left out: synthetic images",
            "2 of 10 images have no lesion id: each counts as a lesion of its own",
        )

    def test_with_lesions_as_in_the_dataverse(self, root: Path, picture: Picture) -> None:
        (root / "ISIC2018_Task3_Test_GroundTruth.tab").write_text(
            f"{HEADER}\nHAMTEST_1,ISIC_0034524,mel,histo,50,male,back,rosendahl\n".replace(",", "\t")
        )
        picture(root / "ISIC2018_Task3_Test_Images" / "ISIC_0034524.jpg")
        last = ham10000.read(root).records[-1]
        assert (last.split, last.lesion_id, last.diagnosis) == ("test", "HAMTEST_1", "melanoma")

    def test_the_rest_is_divided_into_train_and_val(self, tmp_path: Path, picture: Picture) -> None:
        rows = [f"L{i},I{i},{'mel' if i % 3 == 0 else 'nv'},,,,," for i in range(48)]
        (tmp_path / "HAM10000_metadata.csv").write_text("\n".join([HEADER, *rows]) + "\n")
        truth = [f"T{i},{i % 2},{1 - i % 2}" for i in range(6)]
        table = tmp_path / "ISIC2018_Task3_Test_GroundTruth.csv"
        table.write_text("\n".join(["image,MEL,NV", *truth]) + "\n")
        for name in [*(f"I{i}" for i in range(48)), *(f"T{i}" for i in range(6))]:
            picture(tmp_path / "images" / f"{name}.jpg")
        records = ham10000.read(tmp_path).records
        splits = split(records, seed=0)
        assert {r.image_id for r, s in zip(records, splits, strict=True) if s == "test"} == {
            f"T{i}" for i in range(6)
        }
        assert [splits.count(name) for name in ("train", "val")] == [42, 6]

    def test_listed_without_its_images(self, root: Path) -> None:
        (root / "ISIC2018_Task3_Test_GroundTruth.csv").write_text("image,MEL,NV\nISIC_1,0,1\nISIC_2,1,0\n")
        with pytest.raises(UserError, match=r"Test_GroundTruth\.csv, line 2: no image file ISIC_1\.jpg"):
            ham10000.read(root)


class TestBadInput:
    @pytest.mark.parametrize("column", ["image_id", "lesion_id", "dx"])
    def test_a_missing_column(self, root: Path, column: str) -> None:
        table = root / "HAM10000_metadata.csv"
        table.write_text(table.read_text().replace(column, "something"))
        with pytest.raises(UserError, match=r"HAM10000_metadata\.csv: ") as caught:
            ham10000.read(root)
        assert column in str(caught.value)

    def test_missing_images(self, root: Path) -> None:
        for number in (1, 3, 5):
            (root / "HAM10000_images_part_2" / f"ISIC_002430{number}.jpg").unlink()
        with pytest.raises(UserError) as caught:
            ham10000.read(root)
        assert str(caught.value) == (
            f"{root / 'HAM10000_metadata.csv'}, line 3: no image file ISIC_0024301.jpg (or another ending) "
            f"in {root} or below it; complete the download or remove the line "
            "(and 2 more of the 8 images cannot be used)"
        )
        assert isinstance(caught.value, SeveralError)
        assert [line.split("no image file ")[1][:12] for line in caught.value.lines] == [
            "ISIC_0024303",
            "ISIC_0024305",
        ]

    def test_an_image_listed_twice(self, root: Path) -> None:
        add_line(root / "HAM10000_metadata.csv", "HAM_0,ISIC_0024300,mel,histo,40.0,male,back,rosendahl")
        with pytest.raises(UserError, match="line 10: image ISIC_0024300 is listed twice, first in line 2"):
            ham10000.read(root)

    def test_an_image_under_two_diagnoses(self, root: Path) -> None:
        add_line(root / "HAM10000_metadata.csv", "HAM_0,ISIC_0024300,nv,histo,40.0,male,back,rosendahl")
        with pytest.raises(UserError, match="has two diagnoses, melanoma in line 2 and nevus here"):
            ham10000.read(root)

    def test_an_image_of_the_test_set_among_the_others(self, root: Path) -> None:
        (root / "ISIC2018_Task3_Test_GroundTruth.csv").write_text("image,MEL,NV\nISIC_0024300,1,0\n")
        with pytest.raises(UserError, match=r"listed twice, first in line 2 of HAM10000_metadata\.csv"):
            ham10000.read(root)

    def test_a_line_with_too_few_cells(self, root: Path) -> None:
        add_line(root / "HAM10000_metadata.csv", "HAM_9,ISIC_0024308,mel")
        with pytest.raises(UserError, match="line 10: 3 cells, but the first line names 8 columns"):
            ham10000.read(root)

    def test_an_age_that_is_none(self, root: Path) -> None:
        table = root / "HAM10000_metadata.csv"
        table.write_text(table.read_text().replace("42.0", "forty"))
        with pytest.raises(UserError, match="line 4: age 'forty' of image ISIC_0024302 is not a number"):
            ham10000.read(root)

    def test_a_table_in_another_encoding(self, root: Path) -> None:
        table = root / "HAM10000_metadata.csv"
        table.write_bytes(table.read_bytes().replace(b"back", b"caf\xe9"))
        notes = ham10000.read(root).notes
        assert notes[0] == (
            "HAM10000_metadata.csv: not in UTF-8, so it was read as Windows-1252 (Western European)"
        )

    def test_a_row_that_names_no_image(self, root: Path) -> None:
        add_line(root / "HAM10000_metadata.csv", "HAM_9,,mel,histo,40.0,male,back,rosendahl")
        with pytest.raises(UserError, match="line 10: names no image"):
            ham10000.read(root)

    def test_no_row_that_can_be_used(self, root: Path) -> None:
        (root / "HAM10000_metadata.csv").write_text(f"{HEADER}\n")
        with pytest.raises(UserError, match="no row says whether"):
            ham10000.read(root)
