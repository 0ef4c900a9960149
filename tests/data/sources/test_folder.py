import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dermdistill.data.sources import folder
from dermdistill.data.splits import split
from dermdistill.errors import UserError

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
        assert folder.read(tmp_path).notes[-1] == (
            "4 files left out, not images in a folder of a diagnosis: 2 .png, 1 .raw, 1 without ending"
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

    @pytest.mark.parametrize("names", [[], ["cats", "dogs"], ["nevus"], ["train"]])
    def test_what_is_not_this_layout(self, names: list[str], tmp_path: Path, picture: Picture) -> None:
        for name in names:
            fill(picture, tmp_path / name, 1)
        assert not folder.matches(tmp_path)

    def test_a_file_is_not_this_layout(self, picture: Picture, tmp_path: Path) -> None:
        assert not folder.matches(picture(tmp_path / "melanoma.png"))


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
        assert data.notes[0] == "1 of 6 images are copies of others: copies count as one lesion"

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
            f"{copy}: the same image as {original}, yet nevus here and melanoma there; keep the right one"
        )

    def test_one_isic_number_under_two_diagnoses(self, tmp_path: Path, picture: Picture) -> None:
        picture(tmp_path / "melanoma" / "ISIC_0000001.png", size=(8, 8))
        picture(tmp_path / "nevus" / "ISIC_0000001.png", size=(4, 4))
        with pytest.raises(UserError, match="yet nevus here and melanoma there"):
            folder.read(tmp_path)

    def test_a_copy_in_training_and_test_is_refused_as_a_leak(self, tmp_path: Path, picture: Picture) -> None:
        for number, name in enumerate(("train", "test")):
            fill(picture, tmp_path / name / "melanoma", 4, first=20 * number)
            fill(picture, tmp_path / name / "nevus", 4, first=20 * number + 10)
        shutil.copy(tmp_path / "train" / "nevus" / "10.png", tmp_path / "test" / "nevus" / "copy.png")
        with pytest.raises(
            UserError, match=r"lesion test/nevus/copy\.png has images in test and train, which"
        ):
            split(folder.read(tmp_path).records, seed=0)

    def test_empty_files_are_not_copies(self, tmp_path: Path) -> None:
        for name in ("melanoma", "nevus"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "a.jpg").write_bytes(b"")
        assert len({record.lesion_id for record in folder.read(tmp_path).records}) == 2


def test_folders_without_images(tmp_path: Path) -> None:
    (tmp_path / "melanoma").mkdir()
    with pytest.raises(UserError, match="the folders of diagnoses hold no images"):
        folder.read(tmp_path)
