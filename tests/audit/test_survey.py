"""What is measured of each image, whatever it lies in."""

import io
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from dermdistill.audit.copies import copies
from dermdistill.audit.survey import survey
from dermdistill.data.images import ImageFile
from dermdistill.data.sources.on_disk.hdf5 import Hdf5Image
from dermdistill.inference.features import FeatureModel
from dermdistill.records import Pixels, Record
from tests.audit.conftest import Folder, photograph


@dataclass(frozen=True)
class Drawn:
    """An image without a file."""

    name: str = "drawn"

    def digest(self) -> str:
        return "drawn"

    def decode(self) -> Pixels:
        return photograph(5)


def encoded(seed: int) -> bytes:
    content = io.BytesIO()
    Image.fromarray(photograph(seed)).save(content, "JPEG", quality=60)
    return content.getvalue()


def test_rows_are_those_of_the_records(folder: Folder, features: FeatureModel) -> None:
    for seed in range(20):
        folder.add(f"{seed}.jpg", photograph(seed, width=100 + seed))
    measured = survey(folder.records, features, workers=3, progress=False)
    assert measured.width.tolist() == list(range(100, 120))
    assert measured.contents == tuple(record.image.digest() for record in folder.records)
    assert measured.jpeg_quality == pytest.approx([70] * 20, abs=1)
    again = survey(folder.records[::-1], features, workers=1, progress=False)
    np.testing.assert_allclose(again.features[::-1], measured.features, rtol=1e-4, atol=1e-5)


def test_an_image_that_cannot_be_read_keeps_its_row(folder: Folder, features: FeatureModel) -> None:
    folder.add("good", photograph(0))
    folder.add("bad.jpg", b"no image")
    measured = survey(folder.records, features, workers=1, progress=False)
    assert measured.readable.tolist() == [True, False]
    assert "bad.jpg" in measured.errors[1]
    assert np.isnan(measured.features[1]).all()
    assert np.isnan(measured.border[1]).all()
    assert not measured.coefficients[1].any()
    assert np.isfinite(measured.features[0]).all()


def test_without_any_readable_image_there_are_rows_all_the_same(
    folder: Folder, features: FeatureModel
) -> None:
    folder.add("bad.jpg", b"")
    measured = survey(folder.records, features, workers=1, progress=False)
    assert measured.features.shape[:2] == (1, 2)
    assert np.isnan(measured.probability).all()


def test_images_packed_in_hdf5_are_measured_as_files_are(tmp_path: Path, features: FeatureModel) -> None:
    packed = tmp_path / "images.hdf5"
    with h5py.File(packed, "w") as file:
        for name, seed in (("a", 0), ("b", 1), ("copy", 0)):
            file[name] = np.void(encoded(seed))
    (tmp_path / "a.jpg").write_bytes(encoded(0))
    records = [
        *(Record(name, Hdf5Image(packed, name), name, "nevus") for name in ("a", "b", "copy")),
        Record("file", ImageFile(tmp_path / "a.jpg"), "file", "nevus"),
    ]
    measured = survey(records, features, workers=2, progress=False)
    assert measured.file_bytes[0] == measured.file_bytes[3] == len(encoded(0))
    assert measured.jpeg_quality[0] == pytest.approx(60, abs=1)
    found = copies(records, measured)
    assert [(each.kind, each.images) for each in found] == [("exact-copy", (0, 2)), ("exact-copy", (0, 3))]


def test_an_image_without_a_file_has_no_size_of_one(features: FeatureModel) -> None:
    measured = survey([Record("x", Drawn(), "x", "nevus")], features, workers=1, progress=False)
    assert measured.contents == ("drawn",)
    assert np.isnan(measured.file_bytes[0])
    assert np.isnan(measured.jpeg_quality[0])
    assert measured.height[0] == 120
