"""One pass over all images of a data set: each is read and decoded once, and measured."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermdistill.audit.jpeg_quality import jpeg_quality
from dermdistill.audit.nuisance import BORDER_STATISTICS, measure
from dermdistill.data.decoding.limits import read_file
from dermdistill.data.images import ImageFile, digest_of, read_image_bytes
from dermdistill.data.perceptual_hash import BITS, Coefficients, coefficients
from dermdistill.data.sources.on_disk.hdf5 import Hdf5Image
from dermdistill.errors import UserError
from dermdistill.inference.features import FeatureModel
from dermdistill.inference.reference import STATISTICS
from dermdistill.inference.side_by_side import map_in_order
from dermdistill.progress import bar
from dermdistill.records import ImageSource, Record

Floats = NDArray[np.float64]

_AHEAD = 16
_SPECK = np.zeros((1, 1, 3), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Survey:
    """What was measured of N images; NaN where an image cannot be read.

    Attributes:
        errors: N: why an image cannot be read, empty where it can.
        contents: N digests, the same under any name; empty where the file cannot be read.
        width, height: ``(N,)`` pixels.
        file_bytes: ``(N,)``; NaN of an image that is not an encoded file.
        jpeg_quality: ``(N,)``, see ``jpeg_quality``; NaN of other formats.
        contrast, dark_corners, hair, ruler: ``(N,)``, see ``nuisance.Nuisance``.
        border: ``(N, 24)``, likewise.
        coefficients: ``(N, 2, 90)``, of the perceptual hash; 0 where an image cannot be read.
        probability: ``(N,)``, the model's P(melanoma).
        statistics: ``(N, 7)``, of the image as the model sees it (``inference.reference``).
        detector: ``(N, 2)``, whether it is a dermoscopic photograph (``inference.detector``).
        features: ``(N, 2, F)``, see ``inference.features.Look``.
    """

    errors: tuple[str, ...]
    contents: tuple[str, ...]
    width: Floats
    height: Floats
    file_bytes: Floats
    jpeg_quality: Floats
    contrast: Floats
    dark_corners: Floats
    hair: Floats
    ruler: Floats
    border: NDArray[np.float32]
    coefficients: Coefficients
    probability: Floats
    statistics: Floats
    detector: Floats
    features: NDArray[np.float32]

    @property
    def readable(self) -> NDArray[np.bool_]:
        """``(N,)``: whether the image could be decoded."""
        return np.array([not error for error in self.errors], dtype=bool)


@dataclass(frozen=True, slots=True)
class _SurveyedImage:
    """A row of the survey; the names are the same."""

    error: str
    content: str
    width: float = np.nan
    height: float = np.nan
    file_bytes: float = np.nan
    jpeg_quality: float = np.nan
    contrast: float = np.nan
    dark_corners: float = np.nan
    hair: float = np.nan
    ruler: float = np.nan
    border: NDArray[np.float32] | None = None
    coefficients: Coefficients | None = None
    probability: float = np.nan
    statistics: Floats | None = None
    detector: Floats | None = None
    features: NDArray[np.float32] | None = None


def survey(records: Sequence[Record], model: FeatureModel, *, workers: int, progress: bool) -> Survey:
    """Measure every image; one that cannot be read is kept, with its error.

    Args:
        records: their images are decoded, one at a time on each worker.
        model: looks at them.
        workers: threads; nearly all the work is done outside Python's lock.
        progress: show a bar on stderr.
    """
    images = (record.image for record in records)
    measured = map_in_order(partial(_measured, model=model), images, workers=workers, ahead=_AHEAD * workers)
    with bar(
        measured, total=len(records), label="Looking at images", unit="image", hidden=not progress
    ) as rows:
        return _table(rows, len(records), model.look(_SPECK).features.shape)


def _measured(image: ImageSource, model: FeatureModel) -> _SurveyedImage:
    content = ""
    try:
        encoded = _encoded(image)
        content = image.digest() if encoded is None else digest_of(encoded)
        pixels = image.decode() if encoded is None else read_image_bytes(encoded, image.name).pixels
    except UserError as error:
        return _SurveyedImage(str(error), content)
    nuisance, look = measure(pixels), model.look(pixels)
    return _SurveyedImage(
        error="",
        content=content,
        width=pixels.shape[1],
        height=pixels.shape[0],
        file_bytes=np.nan if encoded is None else len(encoded),
        jpeg_quality=np.nan if encoded is None else jpeg_quality(encoded),
        contrast=nuisance.contrast,
        dark_corners=nuisance.dark_corners,
        hair=nuisance.hair,
        ruler=nuisance.ruler,
        border=nuisance.border,
        coefficients=coefficients(pixels),
        probability=look.probability,
        statistics=look.statistics,
        detector=look.detector,
        features=look.features,
    )


def _encoded(image: ImageSource) -> bytes | None:
    """What is on disk of it; None where that is an array, or nothing."""
    if isinstance(image, ImageFile):
        return read_file(image.path)
    return image.content() if isinstance(image, Hdf5Image) else None


_NUMBERS = [column.name for column in fields(_SurveyedImage) if column.type is float]


def _table(rows: Iterable[_SurveyedImage], images: int, of_features: tuple[int, ...]) -> Survey:
    """The rows as columns, which are filled as the rows come: nothing else of an image stays in memory."""
    shapes: dict[str, tuple[int, ...]] = {
        **dict.fromkeys(_NUMBERS, ()),
        "statistics": (len(STATISTICS),),
        "detector": (2,),
        "border": (BORDER_STATISTICS,),
        "coefficients": (2, BITS),
        "features": of_features,
    }
    in_double = {*_NUMBERS, "statistics", "detector"}
    columns: dict[str, Any] = {
        name: np.full((images, *shape), np.nan, np.float64 if name in in_double else np.float32)
        for name, shape in shapes.items()
    }
    errors, contents = [""] * images, [""] * images
    for at, row in enumerate(rows):
        errors[at], contents[at] = row.error, row.content
        for name, column in columns.items():
            if (value := getattr(row, name)) is not None:
                column[at] = value
    np.nan_to_num(columns["coefficients"], copy=False)
    return Survey(errors=tuple(errors), contents=tuple(contents), **columns)
