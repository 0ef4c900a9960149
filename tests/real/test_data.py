"""Reading, splitting and decoding real dermoscopic images."""

import hashlib
import io
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dermdistill.data.cache import decode_images
from dermdistill.data.fixed_split import check_leaks, read_fixed_split, with_split
from dermdistill.data.images import ImageFile
from dermdistill.data.sources import read_sources
from dermdistill.data.splits import check_split, split

SHARED = Path(__file__).parents[3] / "shared"


def needed(name: str) -> Path:
    path = SHARED / name
    if not path.is_dir():
        pytest.skip(f"{name} is not in ../shared")
    return path


def of_the_shipped_model() -> tuple[Path, Path, Path]:
    """The split, and the two archives."""
    archives = needed("ham10000-full"), needed("isic-archive")
    return SHARED / "splits" / "dermoscopy-2.csv", *archives


def test_ham10000_subset() -> None:
    data = read_sources([needed("ham10000")])
    assert data.layout == "ham10000"
    assert data.notes == ()
    assert len(data.records) == 5984
    assert sum(record.is_melanoma for record in data.records) == 491
    assert Counter(record.diagnosis for record in data.records)["nevus"] == 4323
    assert len({record.lesion_id for record in data.records}) == 5984
    splits = split(data.records, seed=0)
    check_split(data.records, splits)
    melanoma = Counter(name for record, name in zip(data.records, splits, strict=True) if record.is_melanoma)
    assert melanoma == {"train": 344, "val": 49, "test": 98}


def test_isic_archive_subset() -> None:
    data = read_sources([needed("isic-archive-subset")])
    assert data.layout == "isic"
    assert Counter(record.diagnosis for record in data.records) == {
        "melanoma": 454,
        "nevus": 297,
        "dermatofibroma": 7,
        "squamous cell carcinoma": 5,
    }
    lesions = {record.image_id: record.lesion_id for record in data.records}
    assert lesions["ISIC_0000280"] == "ISIC_0000279"
    assert lesions["ISIC_0000512"] == "ISIC_0000477"
    assert data.notes[0] == (
        "2 of 763 images are copies of others (ISIC_0000280.jpg of ISIC_0000279.jpg, for instance): "
        "they count as one lesion"
    )


@pytest.mark.parametrize("name", ["ham10000", "isic-archive-subset"])
def test_decodes_as_pillow_does(name: str) -> None:
    for record in read_sources([needed(name)]).records[::100]:
        assert isinstance(record.image, ImageFile)
        with Image.open(io.BytesIO(record.image.path.read_bytes())) as image:
            reference = np.asarray(image.convert("RGB"))
        assert np.array_equal(record.image.decode(), reference)


def test_cache_of_real_images(tmp_path: Path) -> None:
    records = read_sources([needed("isic-archive-subset")]).records[:300]
    pixels = decode_images(records, 64, cache_dir=tmp_path, workers=2, progress=False).pixels
    assert pixels.shape == (300, 64, 64, 3)
    # Skin and lesions: never one flat colour, and no two images alike but one pair of copies.
    assert pixels.reshape(300, -1).std(axis=1).min() > 3
    assert len({hashlib.sha256(row.tobytes()).digest() for row in pixels}) == 299


def test_both_archives_keep_to_the_fixed_split() -> None:
    """Counts as the README of the split states them; nothing crosses it."""
    paths = [needed("ham10000-full"), needed("isic-archive")]
    fixed = read_fixed_split(needed("splits") / "dermoscopy-2.csv")
    both = read_sources(paths)
    assert len(both.records) == 10015 + 3184
    placed = with_split(both, fixed)
    check_leaks(placed, fixed)
    assert placed.notes[-1] == "dermoscopy-2.csv: 10 images left out: left-out"
    given = [record.split for record in placed.records]
    assert list(split(placed.records, seed=0)) == given

    in_file = {place.image: place.split for place in fixed.places if place.split}
    assert {record.image_id: record.split for record in placed.records} == in_file
    images = Counter((record.source, record.split) for record in placed.records)
    melanomas = Counter((record.source, record.split) for record in placed.records if record.is_melanoma)
    assert {key: (count, melanomas[key]) for key, count in images.items()} == {
        ("ham10000-full", "train"): (6988, 776),
        ("ham10000-full", "val"): (1014, 113),
        ("ham10000-full", "test"): (2013, 224),
        ("isic-archive", "train"): (2427, 644),
        ("isic-archive", "val"): (147, 30),
        ("isic-archive", "test"): (600, 117),
    }
    # No lesion and no copy of a file is in two splits.
    lesions_and_contents: defaultdict[str, set[str | None]] = defaultdict(set)
    for record in placed.records:
        for key in (record.lesion_id, record.image.digest()):
            lesions_and_contents[key].add(record.split)
    assert max(map(len, lesions_and_contents.values())) == 1
    lesions = {(record.source, record.split, record.lesion_id) for record in placed.records}
    # Two pairs of the official test set are copies of each other, so 600 images show 598 lesions.
    assert Counter((source, name) for source, name, _ in lesions) == {
        ("ham10000-full", "train"): 5229,
        ("ham10000-full", "val"): 744,
        ("ham10000-full", "test"): 1497,
        ("isic-archive", "train"): 2427,
        ("isic-archive", "val"): 147,
        ("isic-archive", "test"): 598,
    }


def test_crops_and_frames_of_one_archive_are_versions_of_its_pictures() -> None:
    crops, frames = read_sources([needed("ham10000")]), needed("ham10000-full")
    both = read_sources([needed("ham10000"), frames])
    assert len(both.records) == 5984 + 10015
    assert len({record.lesion_id for record in both.records}) == 7470
    names = {record.image_id for record in crops.records}
    assert {f"ham10000/{name}" for name in names} <= {record.image_id for record in both.records}
    assert any("show a picture of another source" in note for note in both.notes)
