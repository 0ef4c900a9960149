from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dermdistill.data.sources import label_table, read_sources
from dermdistill.data.sources.on_disk.image_files import find_images
from dermdistill.data.splits import check_split
from dermdistill.errors import UserError
from dermdistill.reading import Reading
from dermdistill.records import DataSet

Picture = Callable[..., Path]
Layout = Callable[..., Path]


@pytest.fixture
def layout(tmp_path: Path, picture: Picture) -> Layout:
    """Write tables and images: ``layout({"metadata.csv": [line, ...]}, ["ISIC_1", ...])``."""

    def write(tables: dict[str, Sequence[str]], images: Sequence[str]) -> Path:
        for name, lines in tables.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("\n".join(lines) + "\n")
        for image in images:
            picture(tmp_path / "images" / f"{image}.jpg")
        return tmp_path

    return write


def diagnoses(data: DataSet) -> dict[str, str]:
    return {record.image_id: record.diagnosis for record in data.records}


class TestArchiveExport:
    def test_levels_of_diagnosis(self, layout: Layout) -> None:
        root = layout(
            {
                "metadata.csv": [
                    "isic_id,attribution,copyright_license,age_approx,anatom_site_general,diagnosis_1,"
                    "diagnosis_2,diagnosis_3,image_type,lesion_id,patient_id,sex",
                    "ISIC_1,MSK,CC-0,55,head/neck,Malignant,Malignant melanocytic proliferations (Melanoma),"
                    '"Melanoma, NOS",dermoscopic,IL_1,IP_1,female',
                    "ISIC_2,MSK,CC-0,85+,,Benign,Benign melanocytic proliferations,Nevus,dermoscopic,IL_2,,",
                    "ISIC_3,MSK,CC-0,,,Malignant,,,dermoscopic,IL_3,,",
                    "ISIC_4,MSK,CC-0,,,,,,dermoscopic,IL_4,,",
                    "ISIC_5,MSK,CC-0,,,Benign,,,clinical: close-up,IL_5,,",
                ]
            },
            ["ISIC_1", "ISIC_2", "ISIC_3", "ISIC_4", "ISIC_5"],
        )
        data = label_table.read(root)
        assert diagnoses(data) == {"ISIC_1": "melanoma", "ISIC_2": "nevus", "ISIC_5": "benign"}
        first = data.records[0]
        assert (first.lesion_id, first.patient_id, first.group) == ("IL_1", "IP_1", "patient:IP_1")
        assert (first.age, first.sex, first.site, first.collection) == (55.0, "female", "head/neck", "MSK")
        assert data.records[1].age == 85.0
        assert data.notes == (
            "metadata.csv: 2 of 5 rows left out: they do not say whether it is a melanoma",
            "2 image files left out: no row gives their diagnosis",
            "1 of 3 images are clinical: close-up, not dermoscopic; they are kept",
        )

    def test_the_older_export(self, layout: Layout) -> None:
        root = layout(
            {
                "metadata.csv": [
                    "isic_id,benign_malignant,diagnosis",
                    "ISIC_1,malignant,melanoma",
                    "ISIC_2,malignant,basal cell carcinoma",
                    "ISIC_3,benign,",
                    "ISIC_4,malignant,",
                    "ISIC_5,indeterminate,atypical melanocytic proliferation",
                    "ISIC_6,indeterminate/benign,nevus",
                    "ISIC_7,benign,atypical melanocytic proliferation",
                ]
            },
            [f"ISIC_{number}" for number in range(1, 8)],
        )
        data = label_table.read(root)
        assert diagnoses(data) == {
            "ISIC_1": "melanoma",
            "ISIC_2": "basal cell carcinoma",
            "ISIC_3": "benign",
            "ISIC_6": "nevus",
            "ISIC_7": "benign",
        }
        assert data.notes[0] == "metadata.csv: 2 of 7 rows left out: they do not say whether it is a melanoma"

    def test_malignant_alone_is_not_taken_for_melanoma(self, layout: Layout) -> None:
        lines = ["isic_id,benign_malignant", "ISIC_1,malignant", "ISIC_2,malignant"]
        root = layout({"metadata.csv": lines}, ["ISIC_1", "ISIC_2"])
        with pytest.raises(UserError, match=r"metadata\.csv: no row says whether its image shows a melanoma"):
            label_table.read(root)

    def test_synthetic_images_are_left_out(self, layout: Layout) -> None:
        lines = ["isic_id,diagnosis,image_manipulation", "ISIC_1,nevus,synthetic", "ISIC_2,melanoma,"]
        data = label_table.read(layout({"metadata.csv": lines}, ["ISIC_2"]))
        assert list(diagnoses(data)) == ["ISIC_2"]
        assert "metadata.csv: 1 of 2 rows left out: synthetic images" in data.notes


class TestChallenges:
    def test_2019(self, layout: Layout) -> None:
        root = layout(
            {
                "ISIC_2019_Training_GroundTruth.csv": [
                    "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK",
                    "ISIC_1_downsampled,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0",
                    "ISIC_2,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,0.0",
                    "ISIC_3,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0",
                    "ISIC_4,0.0,0.0,0.0,1.0,0.0,0.0,0.0,0.0,0.0",
                ],
                "ISIC_2019_Training_Metadata.csv": [
                    "image,age_approx,anatom_site_general,lesion_id,sex",
                    "ISIC_1_downsampled,55.0,anterior torso,MSK4_0011169,female",
                    "ISIC_2,,,,",
                    "ISIC_3,30.0,palms/soles,BCN_1,male",
                    "ISIC_4,30.0,palms/soles,BCN_1,male",
                ],
            },
            ["ISIC_1_downsampled", "ISIC_2", "ISIC_3", "ISIC_4"],
        )
        data = label_table.read(root)
        assert list(diagnoses(data).values()) == [
            "melanoma",
            "squamous cell carcinoma",
            "other",
            "actinic keratosis",
        ]
        assert [r.lesion_id for r in data.records] == ["MSK4_0011169", "ISIC_2", "BCN_1", "BCN_1"]
        assert (data.records[0].age, data.records[0].site) == (55.0, "anterior torso")
        assert {r.split for r in data.records} == {None}
        assert data.notes == ("1 of 4 images have no lesion id: each counts as a lesion of its own",)

    def test_training_and_test_tables_are_splits(self, layout: Layout) -> None:
        header = "image,MEL,NV"
        root = layout(
            {
                "ISIC_2019_Training_GroundTruth.csv": [header, "A,1,0"],
                "ISIC2018_Task3_Validation_GroundTruth/ISIC2018_Task3_Validation_GroundTruth.csv": [
                    header,
                    "B,0,1",
                ],
                "ISIC_2019_Test_GroundTruth.csv": [header, "C,0,1"],
            },
            ["A", "B", "C"],
        )
        splits = {record.image_id: record.split for record in label_table.read(root).records}
        assert splits == {"A": "train", "B": "val", "C": "test"}

    def test_2020(self, layout: Layout) -> None:
        header = "image_name,patient_id,sex,age_approx,anatom_site_general_challenge,diagnosis,"
        root = layout(
            {
                "train.csv": [
                    header + "benign_malignant,target",
                    "ISIC_1,IP_1,male,45.0,head/neck,unknown,benign,0",
                    "ISIC_2,IP_1,male,45.0,head/neck,melanoma,malignant,1",
                    "ISIC_3,-1,female,,torso,seborrheic keratosis,benign,0",
                ],
                "test.csv": [header.rstrip(",").removesuffix(",diagnosis"), "ISIC_9,IP_9,male,45.0,torso"],
                "sample_submission.csv": ["image_name,target", "ISIC_9,0"],
            },
            ["ISIC_1", "ISIC_2", "ISIC_3", "ISIC_9"],
        )
        data = label_table.read(root)
        assert diagnoses(data) == {"ISIC_1": "benign", "ISIC_2": "melanoma", "ISIC_3": "benign keratosis"}
        assert [record.patient_id for record in data.records] == ["IP_1", "IP_1", None]
        assert data.records[0].site == "head/neck"

    def test_the_target_of_2020_is_melanoma(self, layout: Layout) -> None:
        root = layout({"labels.csv": ["image_name,target", "A.jpg,1", "B.jpg,0"]}, ["A", "B"])
        assert diagnoses(label_table.read(root)) == {"A": "melanoma", "B": "benign"}

    def test_the_target_of_2024_is_any_malignancy(self, layout: Layout) -> None:
        root = layout(
            {
                "train-metadata.csv": [
                    "isic_id,target,patient_id,iddx_1,iddx_2,iddx_3",
                    "A,1,P1,Malignant,Malignant melanocytic proliferations (Melanoma),Melanoma in situ",
                    "B,1,P1,Malignant,Malignant adnexal epithelial proliferations - Follicular,"
                    "Basal cell carcinoma",
                    "C,0,P2,Benign,,",
                    "D,0,P2,Indeterminate,Indeterminate melanocytic proliferations,"
                    "Atypical melanocytic neoplasm",
                ]
            },
            ["A", "B", "C", "D"],
        )
        assert diagnoses(label_table.read(root)) == {
            "A": "melanoma",
            "B": "basal cell carcinoma",
            "C": "benign",
        }

    def test_target_one_without_more_is_left_out(self, layout: Layout) -> None:
        root = layout({"metadata.csv": ["isic_id,target", "A,1", "B,0"]}, ["A", "B"])
        data = label_table.read(root)
        assert diagnoses(data) == {"B": "benign"}
        assert data.notes[0] == "metadata.csv: 1 of 2 rows left out: they do not say whether it is a melanoma"

    def test_target_beside_diagnoses_may_be_the_number_of_a_class(self, layout: Layout) -> None:
        root = layout({"metadata.csv": ["isic_id,diagnosis,target", "A,nevus,4"]}, ["A"])
        assert diagnoses(label_table.read(root)) == {"A": "nevus"}


class TestUsersWord:
    @pytest.mark.parametrize(
        ("values", "positive"),
        [("01", "1"), ("12", "2"), ("ab", "b"), (("0.0", "1.0"), "1"), (("no", "yes"), "Yes")],
    )
    def test_target_with_a_positive_value(self, values: Sequence[str], positive: str, layout: Layout) -> None:
        root = layout({"labels.csv": ["image,target", f"A,{values[0]}", f"B,{values[1]}"]}, ["A", "B"])
        data = label_table.read(root, Reading(positive=(positive,)))
        assert [record.is_melanoma for record in data.records] == [False, True]
        assert data.names == {values[0]: 1, values[1]: 1}

    def test_target_without_it_says_so(self, layout: Layout) -> None:
        root = layout({"labels.csv": ["image,target", "A,1", "B,0", "C,0"]}, ["A", "B", "C"])
        with pytest.raises(UserError) as caught:
            read_sources([root])
        assert str(caught.value) == (
            f"{root}: no image shows melanoma; its labels are 1 (1 image), 0 (2 images); if one of them "
            "means melanoma, say --positive NAME"
        )

    def test_texts_that_are_not_understood_stop_and_can_be_mapped(self, layout: Layout) -> None:
        texts = ("melanoma", "nevus vs melanoma", "melanoma?", "melanoma?", "batch 2", "unknown", "nevus")
        rows = [f"{number},{text}" for number, text in enumerate(texts)]
        root = layout({"labels.csv": ["image,diagnosis", *rows]}, [str(n) for n in range(len(rows))])
        with pytest.raises(UserError) as caught:
            label_table.read(root)
        assert str(caught.value).startswith(
            f"{root / 'labels.csv'}: nevus vs melanoma (1 image), melanoma? (2 images), "
            "batch 2 (1 image): not understood"
        )
        data = label_table.read(
            root, Reading({"Nevus VS melanoma": "melanoma", "melanoma?": "leave-out", "batch 2": "nevus"})
        )
        assert diagnoses(data) == {"0": "melanoma", "1": "melanoma", "4": "nevus", "6": "nevus"}
        assert data.notes[:2] == (
            "labels.csv: 1 of 7 rows left out: they do not say whether it is a melanoma",
            "labels.csv: 2 of 7 rows left out: as --label says",
        )

    def test_one_hot_columns_and_levels_have_names_too(self, layout: Layout) -> None:
        root = layout({"labels.csv": ["image,MEL,NV,UNK", "A,1,0,0", "B,0,0,1"]}, ["A", "B"])
        assert diagnoses(label_table.read(root, Reading({"UNK": "leave-out"}))) == {"A": "melanoma"}
        levels = ["isic_id,diagnosis_1,diagnosis_3", "A,Malignant,Odd tumour", "B,Benign,Nevus"]
        root = layout({"labels.csv": levels}, ["A", "B"])
        with pytest.raises(UserError, match=r"Odd tumour \(1 image\): not understood"):
            label_table.read(root)
        assert diagnoses(label_table.read(root, Reading(positive=("odd_tumour",)))) == {
            "A": "melanoma",
            "B": "nevus",
        }


class TestOnePhotographUnderSeveralNames:
    LABELS = ("image_name,patient_id,target", *(f"ISIC_000000{n},P{n},{n % 2}" for n in range(4)))
    IMAGES = tuple(f"ISIC_000000{n}" for n in range(4))

    @pytest.mark.parametrize(
        ("name", "header"),
        [
            ("ISIC_2020_Training_Duplicates.csv", "image_name_1,image_name_2"),
            ("pairs.csv", "image_id_a,image_id_b"),
            ("2020_Challenge_duplicates.csv", "ISIC_id,ISIC_id_paired"),
            ("duplicates.csv", "image_name,target"),
        ],
    )
    def test_lists_of_duplicates(self, name: str, header: str, layout: Layout) -> None:
        rows = [header, "ISIC_0000001,ISIC_0000003.jpg", "ISIC_0000000,ISIC_0000009"]
        data = label_table.read(layout({"train.csv": self.LABELS, name: rows}, self.IMAGES))
        assert [r.lesion_id[-1] for r in data.records] == ["0", "1", "2", "1"]
        assert data.notes[0] == (
            f"1 of 4 images are duplicates by {name} (ISIC_0000003.jpg of ISIC_0000001.jpg): "
            "they count as one lesion"
        )
        assert {r.split for r in data.records} == {None}
        splits = ["train", "val", "train", "test"]
        with pytest.raises(UserError, match="ISIC_0000003 in test, ISIC_0000001 in val"):
            check_split(data.records, splits)

    def test_listed_duplicates_of_which_one_is_melanoma(self, layout: Layout) -> None:
        rows = ["image_name_1,image_name_2", "ISIC_0000001,ISIC_0000002"]
        with pytest.raises(UserError, match=r"the same image as .*, but benign here and melanoma there"):
            label_table.read(layout({"train.csv": self.LABELS, "Duplicates.csv": rows}, self.IMAGES))

    def test_versions_that_the_table_lists(self, layout: Layout) -> None:
        names = ("ISIC_0000001", "ISIC_0000001_flip", "IMG_0001", "IMG_0002")
        rows = ["image,diagnosis", *(f"{name},melanoma" for name in names)]
        data = label_table.read(layout({"labels.csv": rows}, names))
        assert [r.lesion_id for r in data.records] == ["ISIC_0000001", "ISIC_0000001", "IMG_0001", "IMG_0002"]

    def test_of_two_formats_the_raster_file_is_read(self, layout: Layout, picture: Picture) -> None:
        root = layout({"train.csv": self.LABELS}, [])
        for name in self.IMAGES:
            (root / "train").mkdir(exist_ok=True)
            (root / "train" / f"{name}.dcm").write_bytes(b"DICM")
            picture(root / "jpeg" / "train" / f"{name}.jpg")
        picture(root / "masks" / "ISIC_0000002.png")
        picture(root / "thumbnails" / "ISIC_0000002.jpg", size=(2, 2))
        data = label_table.read(root)
        assert {Path(record.image.name).suffix for record in data.records} == {".jpg"}
        assert "4 images are there in several formats: one is read (JPEG or PNG before DICOM)" in data.notes


class TestWhichTable:
    def test_the_path_of_a_table(self, layout: Layout) -> None:
        root = layout(
            {
                "first.csv": ["image,diagnosis", "A,melanoma"],
                "second.csv": ["image;diagnosis", "A;nevus"],
                "lesions.csv": ["image,lesion_id", "A,L1"],
            },
            ["A"],
        )
        data = label_table.read(root / "second.csv")
        assert [(r.diagnosis, r.lesion_id) for r in data.records] == [("nevus", "L1")]
        with pytest.raises(UserError, match=r"several tables hold diagnoses \(first\.csv, second\.csv\)"):
            label_table.read(root)

    def test_two_tables_of_one_split(self, layout: Layout) -> None:
        table = ["image_name,target", "A,1"]
        root = layout(
            {
                "ISIC_2020_Training_GroundTruth.csv": table,
                "ISIC_2020_Training_GroundTruth_v2.csv": table,
            },
            ["A"],
        )
        with pytest.raises(UserError, match="give the path of the one to read"):
            label_table.read(root)

    @pytest.mark.parametrize(
        ("header", "message"),
        [
            (
                "isic_id,age",
                r"labels\.csv: no column holds diagnoses; it has isic_id, age; say --label-column",
            ),
            (
                "name,diagnosis",
                r"labels\.csv: no column names the images; it has name, diagnosis; say --image",
            ),
        ],
    )
    def test_a_table_without_a_needed_column(self, header: str, message: str, layout: Layout) -> None:
        root = layout({"labels.csv": [header, "A,50"]}, ["A"])
        with pytest.raises(UserError, match=message):
            label_table.read(root / "labels.csv")


class TestSideTables:
    IMAGES = ("A", "B", "C", "D")
    LABELS = ("image,diagnosis", "A,melanoma", "B,melanoma", "C,nevus", "D,nevus")
    LESIONS = ("image,lesion_id,patient_id", "A,L1,P1", "B.jpg,L1,P1", "C,L2,P2", "D,L2,")

    def test_a_second_side_table_adds_to_the_first(self, layout: Layout) -> None:
        ages = ["image,age,lesion_id", *(f"{image},50," for image in self.IMAGES)]
        tables = {"labels.csv": self.LABELS, "a_lesions.csv": self.LESIONS, "b_ages.csv": ages}
        records = label_table.read(layout(tables, self.IMAGES)).records
        assert [record.lesion_id for record in records] == ["L1", "L1", "L2", "L2"]
        assert [record.patient_id for record in records] == ["P1", "P1", "P2", None]
        assert {record.age for record in records} == {50.0}

    def test_a_blank_cell_takes_nothing_away(self, layout: Layout) -> None:
        cells = ("lesion_id", "", "nan", "L2", "")
        labels = [f"{line},{cell}" for line, cell in zip(self.LABELS, cells, strict=True)]
        records = label_table.read(layout({"labels.csv": labels, "x.csv": self.LESIONS}, self.IMAGES)).records
        assert [record.lesion_id for record in records] == ["L1", "L1", "L2", "L2"]

    def test_the_table_of_labels_comes_first_then_the_side_tables_by_name(self, layout: Layout) -> None:
        tables = {
            "labels.csv": ["image,diagnosis,sex,age", "A,melanoma,female,"],
            "b.csv": ["image,sex,age", "A,male,60"],
            "c.csv": ["image,sex,age", "A,male,70"],
        }
        record = label_table.read(layout(tables, ["A"])).records[0]
        assert (record.sex, record.age) == ("female", 60.0)

    def test_the_kind_of_image_may_stand_in_a_side_table(self, layout: Layout) -> None:
        tables = {"labels.csv": self.LABELS, "kinds.csv": ["image,image_type", "A,TBP tile: close-up"]}
        assert "1 of 4 images are TBP tile: close-up, not dermoscopic; they are kept" in (
            label_table.read(layout(tables, self.IMAGES)).notes
        )

    @pytest.mark.parametrize(
        ("tables", "message"),
        [
            (
                {"b.csv": ["image,lesion_id", "C,L2", "A,L9"]},
                "b.csv, line 3: image A has lesion L9 here, but L1 in a.csv, line 2; correct",
            ),
            (
                {"b.csv": ["image,patient_id", "B,P9"]},
                "b.csv, line 2: image B has patient P9 here, but P1 in a.csv, line 3; correct",
            ),
            (
                {"labels.csv": ["image,diagnosis,lesion_id", "A,melanoma,L9"]},
                "a.csv, line 2: image A has lesion L1 here, but L9 in labels.csv, line 2; correct",
            ),
            (
                {"a.csv": ["image,lesion_id", "A,L1", "A,L9"]},
                "a.csv, line 3: image A has lesion L9 here, but L1 in a.csv, line 2; correct",
            ),
        ],
        ids=["lesion", "patient", "labels", "one-table"],
    )
    def test_tables_that_contradict_each_other_are_refused(
        self, tables: dict[str, Sequence[str]], message: str, layout: Layout
    ) -> None:
        root = layout({"labels.csv": self.LABELS, "a.csv": self.LESIONS} | tables, self.IMAGES)
        with pytest.raises(UserError) as caught:
            label_table.read(root)
        assert str(caught.value) == f"{root}/{message} the wrong one"


class TestBadRows:
    @pytest.mark.parametrize(
        ("lines", "message"),
        [
            (["image,MEL,NV", "A,1,1"], "line 2: both MEL and NV are 1"),
            (["image,MEL,NV", "A,0.7,0.3"], "line 2: MEL is '0.7'; expected 0 or 1: the ground truth"),
            (["image,target", "A,2"], "line 2: target is '2'; expected benign or malignant, 0 or 1"),
            (["image,benign_malignant", "A,bad"], "line 2: benign_malignant is 'bad'"),
            (["image,diagnosis,benign_malignant", "A,melanoma,benign"], "line 2: melanoma, but benign"),
            (["image,diagnosis,diagnosis", "A,nevus,melanoma"], "column 'diagnosis' occurs twice"),
            (["image,diagnosis", "A,melanoma", "A,melanoma"], "line 3: image A is listed twice"),
            (["image,diagnosis", "A,melanoma", "A,nevus"], "line 3: image A has two diagnoses"),
            (["image,diagnosis", "A,melanoma", "A.jpg,nevus"], "line 3: image A has two diagnoses"),
            (["image,diagnosis", "B,melanoma", "C,nevus"], r"line 2: no image file B\.jpg .* \(and 1 more"),
        ],
    )
    def test_one_clear_line(self, lines: list[str], message: str, layout: Layout) -> None:
        root = layout({"labels.csv": lines}, ["A"])
        with pytest.raises(UserError, match=message) as caught:
            label_table.read(root)
        assert "labels.csv" in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_a_row_without_any_one(self, layout: Layout) -> None:
        root = layout({"labels.csv": ["image,MEL,NV", "A,0,0", "B,1,0"]}, ["A", "B"])
        assert diagnoses(label_table.read(root)) == {"B": "melanoma"}

    def test_a_byte_order_mark_and_spaces(self, layout: Layout) -> None:
        root = layout({}, ["A"])
        (root / "labels.csv").write_bytes("\ufeffImage , Diagnosis\n A , Melanoma \n\n".encode())
        assert diagnoses(label_table.read(root)) == {"A": "melanoma"}


def test_files_by_the_name_in_the_table(tmp_path: Path) -> None:
    for name in ("A.jpg", "A.heic", "B.HEIC", "C.JFIF", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "1.2.840").write_bytes(bytes(128) + b"DICM")
    # A photograph in a format that is not read stands for itself: decoding says what it is.
    assert find_images(tmp_path) == {
        name: [tmp_path / file]
        for name, file in (("A", "A.jpg"), ("B", "B.HEIC"), ("C", "C.JFIF"), ("1.2.840", "1.2.840"))
    }


def test_a_nevus_that_is_malignant_stops(layout: Layout) -> None:
    rows = ["image_id,dx,benign_malignant", "a,nv,malignant", "b,mel,malignant"]
    root = layout({"metadata.csv": rows}, ["a", "b"])
    with pytest.raises(UserError, match=r"metadata\.csv, line 2: nevus, but malignant"):
        label_table.read(root)


def test_ids_in_several_spellings_are_one(layout: Layout) -> None:
    rows = ["image_id,dx,patient_id", "a,nv,IP_07", "b,mel,ip_7", "c,nv,IP_70"]
    data = label_table.read(layout({"metadata.csv": rows}, ["a", "b", "c"]))
    assert [record.patient_id for record in data.records] == ["IP_07", "IP_07", "IP_70"]


@pytest.mark.parametrize("rows", [["A,b.JPG", "c,d"], ["image,group", "a,1", "b,1", "c,2", "d,2"]])
def test_lists_of_duplicates_without_a_header_or_with_groups(rows: list[str], layout: Layout) -> None:
    table = ["image_id,dx", "a,nv", "b,nv", "c,mel", "d,mel", "e,nv"]
    data = label_table.read(layout({"metadata.csv": table, "duplicates.csv": rows}, list("abcde")))
    assert [record.lesion_id for record in data.records] == ["a", "a", "c", "c", "e"]


def test_a_list_of_duplicates_that_names_no_two_images_is_noted(layout: Layout) -> None:
    tables = {"metadata.csv": ["image_id,dx", "a,nv", "b,mel"], "duplicates.csv": ["image,other", "a,x"]}
    notes = label_table.read(layout(tables, ["a", "b"])).notes
    assert (
        "duplicates.csv: a list of duplicates by its name, but no row names two images of the data" in notes
    )
