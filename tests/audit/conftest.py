"""Miniature data sets whose faults are known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dermdistill.audit.survey import Survey, survey
from dermdistill.data.images import ImageFile
from dermdistill.inference.features import FeatureModel
from dermdistill.records import Pixels, Record


def photograph(seed: int, *, width: int = 160, height: int = 120) -> Pixels:
    """Coloured blobs that no other seed gives."""
    coarse = np.random.default_rng(seed).integers(40, 215, (6, 8, 3), dtype=np.uint8)
    return np.array(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def planted_features(images: int, dimensions: int) -> NDArray[np.float32]:
    """Features whose deviations differ by a factor of a thousand; rows 0 and 1 differ little in all."""
    rng = np.random.default_rng(0)
    found = rng.normal(size=(images, 2, dimensions)).astype(np.float32)
    found[1] = found[0] + 0.1 * rng.normal(size=(2, dimensions))
    # Row 2 shows from closer what row 3 shows: its whole is the middle of the other.
    found[2, 0] = found[3, 1] + 0.1 * rng.normal(size=dimensions)
    return found * np.logspace(-3, 0, dimensions, dtype=np.float32)


@dataclass
class Folder:
    """Images and their records, in the order in which they were added."""

    path: Path

    def __post_init__(self) -> None:
        self.records: list[Record] = []

    def add(self, name: str, pixels: Pixels | bytes, diagnosis: str = "nevus", **about: object) -> int:
        """Save an image, a PNG unless the name ends otherwise; the row of its record."""
        path = self.path / (name if "." in name else f"{name}.png")
        if isinstance(pixels, bytes):
            path.write_bytes(pixels)
        else:
            Image.fromarray(pixels).save(path, quality=70)
        about = {"lesion_id": name, "source": "mini", **about}
        self.records.append(Record(image_id=name, image=ImageFile(path), diagnosis=diagnosis, **about))  # type: ignore[arg-type]
        return len(self.records) - 1


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture(scope="session")
def features(model_file: Path) -> FeatureModel:
    return FeatureModel.read(model_file)


@pytest.fixture
def surveyed(features: FeatureModel) -> Callable[[Sequence[Record]], Survey]:
    """Measure all images of some records."""
    return lambda records: survey(records, features, workers=1, progress=False)
