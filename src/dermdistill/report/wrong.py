"""The images that a model gets most wrong, and their thumbnails in the run folder (``thumbnails/``)."""

import hashlib
import io
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from PIL import Image

from dermdistill.errors import UserError
from dermdistill.evaluation.predictions import Predictions
from dermdistill.files import write_bytes
from dermdistill.records import Pixels
from dermdistill.runs import RunFolder

THUMBNAIL_SIZE = 128
_JPEG_QUALITY = 85


def most_wrong(predictions: Predictions, k: int) -> list[int]:
    """Rows of the images that a model gets most wrong.

    First up to ``k - k // 2`` images that are not melanoma, the highest probability first; then up to
    ``k // 2`` melanomas, the lowest first. At most one image of a lesion; ties in the order of the table.
    """
    label, probability = predictions.label, predictions.probability
    rows = range(len(predictions))
    false_positives = sorted((i for i in rows if not label[i]), key=lambda i: -probability[i])
    missed = sorted((i for i in rows if label[i]), key=lambda i: probability[i])
    return [
        *_one_a_lesion(predictions, false_positives)[: k - k // 2],
        *_one_a_lesion(predictions, missed)[: k // 2],
    ]


def _one_a_lesion(predictions: Predictions, rows: Iterable[int]) -> list[int]:
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(predictions.lesion_id[row], row)
    return list(first.values())


def thumbnail_path(run: RunFolder, image_id: str) -> Path:
    """Where the thumbnail of an image lies; any id gives a safe, short name, and two ids never the same."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", image_id)[:40]
    digest = hashlib.sha256(image_id.encode(errors="surrogatepass")).hexdigest()[:16]
    return run.path / "thumbnails" / f"{readable}-{digest}.jpg"


def save_thumbnails(
    run: RunFolder, image_ids: Sequence[str], images: Callable[[Sequence[str]], list[Pixels]]
) -> None:
    """Store the images as JPEGs of at most 128 x 128 pixels; ``images`` gives the pixels of the ids."""
    for image_id, pixels in zip(image_ids, images(image_ids), strict=True):
        image = Image.fromarray(pixels)
        image.thumbnail((THUMBNAIL_SIZE, THUMBNAIL_SIZE), Image.Resampling.LANCZOS)
        encoded = io.BytesIO()
        image.save(encoded, "JPEG", quality=_JPEG_QUALITY)
        write_bytes(thumbnail_path(run, image_id), encoded.getvalue())


def read_thumbnail(run: RunFolder, image_id: str) -> bytes | None:
    """The JPEG of an image; None where none was stored.

    Raises:
        UserError: the file is not a whole JPEG.
    """
    path = thumbnail_path(run, image_id)
    try:
        content = path.read_bytes()
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
            if max(image.size) <= THUMBNAIL_SIZE:
                image.load()
                return content
    except FileNotFoundError:
        return None
    except OSError:
        pass
    raise UserError(f"{path}: not a whole JPEG of at most 128 x 128 pixels; remove it and report again")
