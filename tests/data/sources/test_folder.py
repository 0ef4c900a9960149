import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from dermdistill.data.sources import folder
from dermdistill.data.splits import split
from dermdistill.errors import UserError
from dermdistill.reading import AS_FOUND, Reading

Picture = Callable[..., Path]


def fill(picture: Picture, folder: Path, count: int, first: int = 0) -> None:
    """That many images of different content."""
    for number in range(first, first + count):
        picture(folder / f"{number}.png", red=number)


class TestLayouts:
    def test_classes_on_their_own(self, tmp_path: Path, picture: Picture) -> None:
        fill(picture, tmp_path / "Melanoma", 2)
        fill(picture, tmp_path / "nv", 3, first=10)
        data = folder.read(tmp_path)
        assert [(r.image_id, r.diagnosis, r.split) for r in data.records] == [
            ("Melanoma/0.png", "melanoma", None),
            ("Melanoma/1.png", "melanoma", None),
            ("nv/10.png", "nevus", None),
            ("nv/11.png", "nevus", None),
            ("nv/12.png", "nevus", None),
        ]
        assert data.notes == ("5 of 5 images have no lesion id: each counts as a lesion of its own",)

    @pytest.mark.parametrize(
        ("train", "val", "test"), [("train", "val", "test"), ("Training", "Valid", "TEST")]
    )
    def test_under_splits(self, train: str, val: str, test: str, tmp_path: Path, picture: Picture) -> None:
        for number, name in enumerate((train, val, test)):
            fill(picture, tmp_path / name / "melanoma", 2, first=10 * number)
            fill(picture, tmp_path / name / "nevus", 2, first=10 * number + 5)
        records = folder.read(tmp_path).records
        assert [record.split for record in records].count("val") == 4
        assert split(records, seed=0) == tuple(record.split for record in records)

    def test_deeper_folders_belong_to_the_diagnosis(self, tmp_path: Path, picture: Picture) -> None:
        picture(tmp_path / "melanoma" / "clinic a" / "1.png")
        picture(tmp_path / "nevus" / "1.png", red=1)
        assert [r.diagnosis for r in folder.read(tmp_path).records] == ["melanoma", "nevus"]

    def test_linked_folders_are_followed(self, tmp_path: Path, picture: Picture) -> None:
        root, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
        fill(picture, root / "melanoma", 5)
        fill(picture, elsewhere / "clinic", 5, first=5)
        fill(picture, root / "nevus", 2, first=20)
        (root / "melanoma" / "linked").symlink_to(elsewhere, target_is_directory=True)
        (elsewhere / "circle").symlink_to(elsewhere, target_is_directory=True)
        data = folder.read(root)
        assert [record.diagnosis for record in data.records].count("melanoma") == 10
        assert data.records[-3].image_id == "melanoma/linked/clinic/9.png"
        assert data.notes == ("12 of 12 images have no lesion id: each counts as a lesion of its own",)

    def test_everything_left_out_is_counted(self, tmp_path: Path, picture: Picture) -> None:
        fill(picture, tmp_path / "train" / "melanoma", 1)
        fill(picture, tmp_path / "extra" / "nevus", 1, first=5)
        picture(tmp_path / "cover.png", red=9)
        (tmp_path / "README").write_text("about")
        (tmp_path / "train" / "melanoma" / "scan.raw").write_bytes(b"DICM")
        (tmp_path / "train" / "melanoma" / ".DS_Store").write_bytes(b"")
        assert folder.read(tmp_path).notes[-2:] == (
            "left out, not in a folder of a diagnosis: extra/nevus (1 image)",
            "3 files left out, not images in a folder of a diagnosis: 1 .png, 1 .raw, 1 without ending",
        )

    def test_dicom_files_without_an_ending_are_images(self, tmp_path: Path) -> None:
        for name in ("melanoma/IM0001", "nevus/1.2.840.7", "nevus/DICOMDIR"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(bytes(128) + b"DICM" + name.encode())
        dataset = folder.read(tmp_path)
        assert [record.image_id for record in dataset.records] == ["melanoma/IM0001", "nevus/1.2.840.7"]
        assert dataset.notes[-1].startswith("1 files left out")

    def test_folders_of_photographs_in_formats_that_are_not_read(self, tmp_path: Path) -> None:
        for name in ("melanoma/1.HEIC", "nevus/2.heic", "nevus/notes.txt"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        with pytest.raises(UserError, match=r"hold no images, only 2 \.heic, 1 \.txt$"):
            folder.read(tmp_path)

    @pytest.mark.parametrize("names", [[], ["cats", "dogs"], ["0", "1"], ["train"]])
    def test_what_is_not_this_layout(self, names: list[str], tmp_path: Path, picture: Picture) -> None:
        for name in names:
            fill(picture, tmp_path / name, 1)
        assert not folder.matches(tmp_path)

    def test_a_file_is_not_this_layout(self, picture: Picture, tmp_path: Path) -> None:
        assert not folder.matches(picture(tmp_path / "melanoma.png"))


KAGGLE = [f"{split}/{name}" for split in ("train", "test") for name in ("benign", "malignant")]


class TestWhichFoldersAreClasses:
    def diagnoses(self, path: Path, reading: Reading = AS_FOUND) -> dict[str, int]:
        return Counter(record.diagnosis for record in folder.read(path, reading).records)

    @pytest.mark.parametrize("wrapping", ["", "archive", "archive/again"])
    def test_a_set_called_after_melanoma_is_no_melanoma(
        self, wrapping: str, tmp_path: Path, picture: Picture
    ) -> None:
        root = tmp_path / wrapping / "melanoma_cancer_dataset"
        for number, name in enumerate(KAGGLE):
            fill(picture, root / name, 3, first=10 * number)
        (tmp_path / "README.md").write_text("about")
        read = [folder.read(path) for path in (tmp_path, root.parent, root)]
        assert Counter((r.split, r.diagnosis) for r in read[0].records) == {
            (split, diagnosis): 3 for split in ("train", "test") for diagnosis in ("benign", "melanoma")
        }
        assert read[0].records == read[1].records == read[2].records
        assert read[0].root == root

    @pytest.mark.parametrize("name", ["melanoma", "Melanoma", "nevus", "all", "train"])
    def test_no_name_makes_a_folder_of_classes_a_class(
        self, name: str, tmp_path: Path, picture: Picture
    ) -> None:
        for number, inner in enumerate(("melanoma", "nevus")):
            fill(picture, tmp_path / name / inner, 2 + number, first=10 * number)
        assert self.diagnoses(tmp_path) == {"melanoma": 2, "nevus": 3}

    def test_splits_in_splits(self, tmp_path: Path, picture: Picture) -> None:
        for number, name in enumerate(KAGGLE):
            fill(picture, tmp_path / name.replace("/", "_set/images/"), 1, first=number)
        records = folder.read(tmp_path).records
        assert [(r.split, r.diagnosis) for r in records] == [
            ("test", "benign"),
            ("test", "melanoma"),
            ("train", "benign"),
            ("train", "melanoma"),
        ]

    def test_two_levels_of_diagnoses(self, tmp_path: Path, picture: Picture) -> None:
        for number, name in enumerate(("malignant/melanoma", "malignant/bcc", "benign/nevus", "benign/df")):
            fill(picture, tmp_path / name, 1, first=number)
        assert self.diagnoses(tmp_path) == {"melanoma": 1, "basal cell carcinoma": 1, "benign": 2}

    def test_folders_of_subtypes_belong_to_their_diagnosis(self, tmp_path: Path, picture: Picture) -> None:
        for number, name in enumerate(
            ("melanoma", "melanoma/in situ", "melanoma/melanoma NOS", "nevus/blue nevus")
        ):
            fill(picture, tmp_path / name, 1, first=number)
        assert self.diagnoses(tmp_path) == {"melanoma": 3, "nevus": 1}

    @pytest.mark.parametrize(
        ("names", "message"),
        [
            (
                ["melanoma/nevus", "melanoma/rest", "nevus"],
                "melanoma: holds the folder nevus, so it is not a folder",
            ),
            (
                ["melanoma/train", "melanoma/test", "nevus"],
                "melanoma: holds the folder test, so it is not a folder",
            ),
            (
                ["a/melanoma", "a/nevus", "b/melanoma", "b/nevus"],
                "a: is not a diagnosis, .* give the path of one",
            ),
            (
                ["melanoma", "nevus", "archive/melanoma"],
                "archive: is not a diagnosis, but holds folders of diagnoses",
            ),
        ],
    )
    def test_what_is_not_clear_stops(
        self, names: list[str], message: str, tmp_path: Path, picture: Picture
    ) -> None:
        for number, name in enumerate(names):
            fill(picture, tmp_path / name, 1, first=number)
        with pytest.raises(UserError, match=message):
            folder.read(tmp_path)

    @pytest.mark.parametrize(
        "name",
        [
            "Melanoma Skin Cancer Nevi and Moles",
            "melanoma?",
            "melanoma_dataset",
            "batch1",
            "2019",
            "all images",
        ],
    )
    def test_open_names_stop_and_can_be_mapped(self, name: str, tmp_path: Path, picture: Picture) -> None:
        fill(picture, tmp_path / "train" / "melanoma", 1)
        fill(picture, tmp_path / "train" / "nevus", 2, first=10)
        fill(picture, tmp_path / "train" / name, 3, first=20)
        with pytest.raises(UserError) as caught:
            folder.read(tmp_path)
        assert str(caught.value).startswith(f"{tmp_path}: {name} (3 images): not understood as a diagnosis")
        assert f'--label "{name}=melanoma"' in str(caught.value)
        assert self.diagnoses(tmp_path, Reading({name: "melanoma"})) == {"melanoma": 4, "nevus": 2}
        assert self.diagnoses(tmp_path, Reading({name: "nevus"})) == {"melanoma": 1, "nevus": 5}
        left_out = folder.read(tmp_path, Reading({name: "leave-out"}))
        assert len(left_out.records) == 3
        assert f"left out, no diagnosis: {name} (3 images)" in left_out.notes

    @pytest.mark.parametrize(
        "name", ["unlabelled", "Unknown", "suspicious", "indeterminate", "test", "low quality"]
    )
    def test_folders_without_a_diagnosis_are_left_out(
        self, name: str, tmp_path: Path, picture: Picture
    ) -> None:
        for number, diagnosis in enumerate(("melanoma", "nevus", name)):
            fill(picture, tmp_path / diagnosis, 2, first=10 * number)
        data = folder.read(tmp_path)
        assert [r.diagnosis for r in data.records] == ["melanoma"] * 2 + ["nevus"] * 2
        assert f"left out, no diagnosis: {name} (2 images)" in data.notes

    @pytest.mark.parametrize(
        "name",
        [
            "masks",
            "melanoma_masks",
            "Segmentations",
            "superpixels",
            "augmented",
            "melanoma_aug",
            "thumbnails",
            "labels",
            "predictions",
            "runs",
            "@eaDir",
            ".ipynb_checkpoints",
            "__MACOSX",
            "melanoma/masks",
            "melanoma/.cache",
        ],
    )
    def test_folders_of_no_photographs_are_left_out(
        self, name: str, tmp_path: Path, picture: Picture
    ) -> None:
        for number, diagnosis in enumerate(("melanoma", "nevus", f"{name}/deeper")):
            fill(picture, tmp_path / diagnosis, 2, first=10 * number)
        data = folder.read(tmp_path)
        assert [r.diagnosis for r in data.records] == ["melanoma"] * 2 + ["nevus"] * 2
        assert f"left out, folders of no photographs: {name} (2 images)" in data.notes

    def test_masks_beside_the_wrapped_images(self, tmp_path: Path, picture: Picture) -> None:
        for number, diagnosis in enumerate(
            ("images/melanoma", "images/nevus", "masks/melanoma", "masks/nevus")
        ):
            fill(picture, tmp_path / diagnosis, 2, first=10 * number)
        assert self.diagnoses(tmp_path) == {"melanoma": 2, "nevus": 2}

    def test_test_images_without_labels(self, tmp_path: Path, picture: Picture) -> None:
        for number, name in enumerate(("train/melanoma", "train/nevus", "test")):
            fill(picture, tmp_path / name, 2, first=10 * number)
        data = folder.read(tmp_path)
        assert [r.split for r in data.records] == ["train"] * 4
        assert "left out, not in a folder of a diagnosis: test (2 images)" in data.notes


class TestPositive:
    def test_numbered_folders(self, tmp_path: Path, picture: Picture) -> None:
        for number, name in enumerate(("train/0", "train/1", "test/0", "test/1")):
            fill(picture, tmp_path / name, 2, first=10 * number)
        assert not folder.matches(tmp_path)
        assert folder.near_miss(tmp_path) == (
            "it holds the folders test/0 (2 images), test/1 (2 images), train/0 (2 images), "
            "train/1 (2 images), none a diagnosis; --positive NAME says which is melanoma"
        )
        data = folder.read(tmp_path, Reading(positive=("1",)))
        assert {r.image_id.split("/")[1]: r.diagnosis for r in data.records} == {
            "0": "other",
            "1": "melanoma",
        }
        assert "not melanoma, as --positive does not name them: 0 (4 images)" in data.notes

    def test_a_folder_of_another_diagnosis(self, tmp_path: Path, picture: Picture) -> None:
        fill(picture, tmp_path / "bcc", 2)
        fill(picture, tmp_path / "nevus", 2, first=10)
        data = folder.read(tmp_path, Reading(positive=("BCC",)))
        assert [r.diagnosis for r in data.records] == ["melanoma"] * 2 + ["nevus"] * 2

    def test_malignant_beside_other_diagnoses(self, tmp_path: Path, picture: Picture) -> None:
        fill(picture, tmp_path / "malignant", 2)
        fill(picture, tmp_path / "nevus", 2, first=10)
        with pytest.raises(UserError, match="say --positive malignant"):
            folder.read(tmp_path)
        data = folder.read(tmp_path, Reading(positive=("malignant",)))
        assert [r.diagnosis for r in data.records] == ["melanoma"] * 2 + ["nevus"] * 2


class TestFiles:
    def test_masks_are_left_out(self, tmp_path: Path, picture: Picture) -> None:
        picture(tmp_path / "nevus" / "a.png", red=9)
        for number, name in enumerate(
            (
                "ISIC_0000001.jpg",
                "ISIC_0000001_segmentation.png",
                "ISIC_0000001_attribute_streaks.PNG",
                "x_mask.gif",
            )
        ):
            picture(tmp_path / "melanoma" / name, red=number)
        data = folder.read(tmp_path)
        assert [record.image_id for record in data.records] == ["melanoma/ISIC_0000001.jpg", "nevus/a.png"]
        assert "3 masks left out (files named _segmentation, _superpixels, _mask and the like)" in data.notes

    def test_dicom_files_of_the_same_photographs_are_left_out(self, tmp_path: Path, picture: Picture) -> None:
        picture(tmp_path / "melanoma" / "jpeg" / "ISIC_0000001.jpg", red=1)
        picture(tmp_path / "nevus" / "1.png", red=2)
        for name in ("melanoma/ISIC_0000001.dcm", "nevus/1.dcm", "nevus/2.dcm"):
            (tmp_path / name).write_bytes(name.encode())
        data = folder.read(tmp_path)
        assert [record.image_id for record in data.records] == [
            "melanoma/jpeg/ISIC_0000001.jpg",
            "nevus/1.png",
            "nevus/2.dcm",
        ]
        assert "2 DICOM files left out: the same photographs are there as JPEG or PNG" in data.notes

    def test_two_raster_formats_and_versions_are_one_lesion(self, tmp_path: Path, picture: Picture) -> None:
        for number, name in enumerate(
            ("train/melanoma/a1.jpg", "train/melanoma/a1.png", "train/melanoma/a1_rot90.jpg")
        ):
            picture(tmp_path / name, red=number)
        picture(tmp_path / "train" / "nevus" / "b1.jpg", red=9)
        data = folder.read(tmp_path)
        assert [r.lesion_id for r in data.records] == ["train/melanoma/a1.jpg"] * 3 + ["train/nevus/b1.jpg"]
        assert data.notes[0] == (
            "2 of 4 images are versions of others by their names (a1.png of a1.jpg, for instance): "
            "they count as one lesion"
        )


class TestMalignant:
    def test_beside_benign_it_means_melanoma(self, tmp_path: Path, picture: Picture) -> None:
        fill(picture, tmp_path / "train" / "benign", 1)
        fill(picture, tmp_path / "train" / "malignant", 1, first=5)
        data = folder.read(tmp_path)
        assert [record.diagnosis for record in data.records] == ["benign", "melanoma"]
        assert data.notes[0].startswith("malignant is taken for melanoma")

    @pytest.mark.parametrize("other", ["melanoma", "basal cell carcinoma"])
    def test_beside_anything_else_it_is_refused(self, other: str, tmp_path: Path, picture: Picture) -> None:
        fill(picture, tmp_path / other, 1)
        fill(picture, tmp_path / "malignant", 1, first=5)
        with pytest.raises(UserError, match=f"beside {other}, the folder malignant does not say"):
            folder.read(tmp_path)


class TestCopies:
    def test_copies_are_one_lesion(self, tmp_path: Path, picture: Picture) -> None:
        fill(picture, tmp_path / "melanoma", 3)
        fill(picture, tmp_path / "nevus", 2, first=10)
        shutil.copy(tmp_path / "melanoma" / "2.png", tmp_path / "melanoma" / "copy.png")
        data = folder.read(tmp_path)
        lesions = {record.image_id: record.lesion_id for record in data.records}
        assert lesions["melanoma/copy.png"] == "melanoma/2.png"
        assert len(set(lesions.values())) == 5
        assert data.notes[0] == (
            "1 of 6 images are copies of others (copy.png of 2.png): they count as one lesion"
        )

    def test_one_isic_number_is_one_lesion(self, tmp_path: Path, picture: Picture) -> None:
        picture(tmp_path / "melanoma" / "ISIC_0000001.png", size=(8, 8))
        picture(tmp_path / "melanoma" / "ISIC_0000001_small.png", size=(4, 4))
        picture(tmp_path / "nevus" / "ISIC_0000002.png", red=1)
        assert len({record.lesion_id for record in folder.read(tmp_path).records}) == 2

    def test_equal_names_alone_say_nothing(self, tmp_path: Path, picture: Picture) -> None:
        picture(tmp_path / "benign" / "1.png", red=1)
        picture(tmp_path / "malignant" / "1.png", red=2)
        assert len({record.lesion_id for record in folder.read(tmp_path).records}) == 2

    def test_one_image_under_two_diagnoses(self, tmp_path: Path, picture: Picture) -> None:
        original = picture(tmp_path / "melanoma" / "a.png")
        (tmp_path / "nevus").mkdir()
        copy = Path(shutil.copy(original, tmp_path / "nevus" / "b.png"))
        with pytest.raises(UserError) as caught:
            folder.read(tmp_path)
        assert str(caught.value) == (
            f"{copy}: the same image as {original}, but nevus here and melanoma there; keep the right one"
        )

    def test_one_isic_number_under_two_diagnoses(self, tmp_path: Path, picture: Picture) -> None:
        picture(tmp_path / "melanoma" / "ISIC_0000001.png", size=(8, 8))
        picture(tmp_path / "nevus" / "ISIC_0000001.png", size=(4, 4))
        with pytest.raises(UserError, match="but nevus here and melanoma there"):
            folder.read(tmp_path)

    def test_a_copy_in_training_and_test_is_refused_as_a_leak(self, tmp_path: Path, picture: Picture) -> None:
        for number, name in enumerate(("train", "test")):
            fill(picture, tmp_path / name / "melanoma", 4, first=20 * number)
            fill(picture, tmp_path / name / "nevus", 4, first=20 * number + 10)
        shutil.copy(tmp_path / "train" / "nevus" / "10.png", tmp_path / "test" / "nevus" / "copy.png")
        with pytest.raises(
            UserError,
            match=r"lesion test/nevus/copy\.png has images in test and train, .*"
            r"\(test/nevus/copy\.png in test, train/nevus/10\.png in train\)",
        ):
            split(folder.read(tmp_path).records, seed=0)

    def test_empty_files_are_not_copies(self, tmp_path: Path) -> None:
        for name in ("melanoma", "nevus"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "a.jpg").write_bytes(b"")
        assert len({record.lesion_id for record in folder.read(tmp_path).records}) == 2


def test_folders_without_images(tmp_path: Path) -> None:
    (tmp_path / "melanoma").mkdir()
    assert not folder.matches(tmp_path)
    with pytest.raises(UserError, match="the folders of diagnoses hold no images"):
        folder.read(tmp_path)


class TestFoldersInOneOfADiagnosis:
    @pytest.mark.parametrize(
        ("parent", "names"),
        [
            ("melanoma", ["0", "1"]),
            ("melanoma", ["no", "yes"]),
            ("melanoma", ["negative", "positive"]),
            ("melanoma", ["not melanoma", "clinic"]),
            ("nevus", ["0", "1"]),
            ("nevus", ["suspicious"]),
            ("nevus", ["maybe melanoma"]),
            ("nevus", ["malignant"]),
        ],
    )
    def test_that_may_not_show_it_stop(
        self, parent: str, names: list[str], tmp_path: Path, picture: Picture
    ) -> None:
        beside = "nevus" if parent == "melanoma" else "melanoma"
        for number, name in enumerate([beside, *(f"{parent}/{each}" for each in names)]):
            fill(picture, tmp_path / name, 1, first=number)
        with pytest.raises(
            UserError, match=f"{parent}: holds the folder .*, so it is not a folder of one diag"
        ):
            folder.read(tmp_path)
        whole = Reading({parent: parent})
        assert len(folder.read(tmp_path, whole).records) == 1 + len(names)

    def test_that_the_user_leaves_out_are_not_read_as_it(self, tmp_path: Path, picture: Picture) -> None:
        for number, name in enumerate(("melanoma", "nevus/a", "nevus/suspicious")):
            fill(picture, tmp_path / name, 1, first=number)
        with pytest.raises(UserError, match="holds the folder suspicious"):
            folder.read(tmp_path, Reading({"suspicious": "leave-out"}))

    @pytest.mark.parametrize("names", [["0", "1", "2"], ["patient 1", "2019"], ["clinic A"]])
    def test_of_patients_and_places_are_of_the_diagnosis(
        self, names: list[str], tmp_path: Path, picture: Picture
    ) -> None:
        for number, name in enumerate(["nevus", *(f"melanoma/{each}" for each in names)]):
            fill(picture, tmp_path / name, 1, first=number)
        assert len(folder.read(tmp_path).records) == 1 + len(names)
