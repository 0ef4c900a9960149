"""The images that each group gets most wrong, and their thumbnails in the run folder (``thumbnails/``)."""

import base64
import hashlib
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from dermdistill.errors import UserError
from dermdistill.files import write_bytes
from dermdistill.judgement.judgement import Group, WrongImage
from dermdistill.records import MELANOMA, Pixels
from dermdistill.runs import RunFolder

THUMBNAIL_SIZE = 128
_JPEG_QUALITY = 85
_KINDS = (("Not melanoma, highest P(melanoma)", False), ("Melanoma, lowest P(melanoma)", True))

ShownImage = tuple[WrongImage, str | None]
"""An image, and its thumbnail as a data URI; None where the run folder has none."""
Gallery = list[tuple[str, list[ShownImage]]]
"""Images under their headings."""


def galleries(folder: RunFolder, groups: Sequence[Group]) -> dict[str, Gallery]:
    """By group: the images called too high under their heading, then the melanomas called too low.

    The thumbnails are those of the folder.
    """
    return {
        group.label: [
            (
                heading,
                [
                    (image, _data_uri(read_thumbnail(folder, image.image_id)))
                    for image in group.most_wrong
                    if (image.diagnosis == MELANOMA) == is_melanoma
                ],
            )
            for heading, is_melanoma in _KINDS
        ]
        for group in groups
    }


def _data_uri(jpeg: bytes | None) -> str | None:
    return None if jpeg is None else f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


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
