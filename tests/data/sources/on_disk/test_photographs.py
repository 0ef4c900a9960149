from pathlib import Path

import pytest

from dermdistill.data.grouping import connected
from dermdistill.data.sources.on_disk.photographs import Named, archive_id, is_mask, versions

HEX = "3f2a90c1d4e5b6a7f8091a2b3c4d5e6f"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ISIC_0024306_segmentation.png", True),
        ("ISIC_0024306_Segmentation.PNG", True),
        ("ISIC_0024306_superpixels.png", True),
        ("ISIC_0024306_attribute_pigment_network.gif", True),
        ("ISIC_0024306_mask.jpg", True),
        ("ISIC_0024306-mask_2.tif", True),
        ("ISIC_0024306.mask.png", True),
        ("mask_17.bmp", True),
        ("IMD003_lesion.bmp", True),
        (f"ISIC_0024306_mask_png.rf.{HEX}.jpg", True),
        ("ISIC_0024306.jpg", False),
        ("IMD003.bmp", False),
        ("damask.jpg", False),
        ("melanoma_12.jpg", False),
        ("lesion_3.jpg", False),
    ],
)
def test_masks(name: str, expected: bool) -> None:
    assert is_mask(Path(name)) is expected


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("ISIC_0024306", "isic_0024306"),
        ("aug_0_isic-0024306_flip", "isic_0024306"),
        ("PAT_1680_3038_587_1", "pat_1680_3038_587"),
        (HEX, HEX),
        (f"7_jpg.rf.{HEX}", None),
        ("ISIC_00243061", None),
        ("MISIC_0024306", None),
        ("IMG_0024306", None),
    ],
)
def test_archive_ids(stem: str, expected: str | None) -> None:
    assert archive_id(stem) == expected


def are_one(*stems: str) -> bool:
    return len(set(connected(versions([Named(stem, "melanoma", "melanoma") for stem in stems])))) == 1


@pytest.mark.parametrize(
    "version",
    [
        "ISIC_0024306_1",
        "ISIC_0024306-rot90",
        "ISIC_0024306.jpg.rf.3f2a90c1",
        "aug_0_ISIC_0024306",
        "ISIC_0024306 (1)",
        "ISIC_0024306_copy",
        "ISIC_0024306_downsampled",
        "melanoma_ISIC_0024306",
    ],
)
def test_versions_of_an_image_of_an_archive(version: str) -> None:
    assert are_one("ISIC_0024306", version)
    assert not are_one("ISIC_0024307", version)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IMG_0001", "IMG_0001_flip"),
        ("IMG_0001", "IMG_0001_hflip_rot90"),
        ("IMG_0001", "rot90_IMG_0001"),
        ("IMG_0001", "Copy of IMG_0001"),
        ("IMG_0001", "IMG_0001 - Copy (2)"),
        ("IMG_0001", "IMG_0001_224x224"),
        ("IMG_0001", "IMG_0001_resized_224x224"),
        ("IMG_0001", "IMG_0001_2"),
        ("IMG_0001", "IMG_0001 (1)"),
        ("lesion", "lesion_flip"),
        ("7_rot90", "7_rot180"),
        ("IMG_0001", f"IMG_0001_jpg.rf.{HEX}"),
        (f"IMG_0001_jpg.rf.{HEX}", f"IMG_0001_jpg.rf.{HEX[::-1]}"),
    ],
)
def test_versions_by_their_names(one: str, other: str) -> None:
    assert are_one(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IMG_0001", "IMG_0002"),
        ("photo_1", "photo_2"),
        ("photo", "photo_1"),
        ("image (1)", "image (2)"),
        ("image", "image (1)"),
        ("PAT_1680_3038_587", "PAT_1680_3038_588"),
        ("IMG_0001_1", "IMG_0001_2"),
        ("melanoma_dark_1", "melanoma_dark_2"),
        ("rot_1", "rot_2"),
        ("1", "11"),
    ],
)
def test_different_photographs(one: str, other: str) -> None:
    assert not are_one(one, other)


def test_in_several_folders_only_distinctive_names_are_versions() -> None:
    def one(stem: str, other: str, of: str = "melanoma") -> bool:
        first = Named(stem, "train/melanoma", "melanoma")
        return len(set(connected(versions([first, Named(other, f"test/{of}", of)])))) == 1

    assert one("IMG_0001", "IMG_0001_flip")
    assert one("ISIC_0024306", "ISIC_0024306_1", of="nevus")
    assert not one("IMG_0001", "IMG_0001_flip", of="nevus")
    assert not one("1", "1_flip")
    assert not one("IMG_0001", "IMG_0001")


@pytest.mark.parametrize(
    "other",
    [
        *("IMG_0012_r90", "IMG_0012_rotated_by_90", "IMG_0012_gaussian_noise", "IMG_0012_center_crop"),
        *("IMG_0012_color_jitter", "IMG_0012_original", "IMG_0012~2", "IMG_0012.jpg", "Kopie von IMG_0012"),
        "nevus_original_IMG_0012.jpg_0b3f1e6e-7a33-4a37-9e1f-2c1a43c7b7a1",
    ],
)
def test_names_that_other_programs_give_to_versions(other: str) -> None:
    assert len(set(connected(versions([Named("IMG_0012"), Named(other)])))) == 1
