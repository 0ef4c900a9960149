"""Collect pictures of other things than skin from archives of Python packages, for the detector.

    python -m tools.package_pictures build/package-pictures ARCHIVE...

Photographs of things and people, pages, drawings, diagrams and icons that packages bring for their examples
and tests, a folder for each package. The shipped files were fitted on the 1,393 pictures of the source
archives of opencv-python-headless 5.0.0.93, Pillow 9.5.0, scikit-learn 1.9.1, PyMuPDF 2.0, scikit-image
0.9.3, wordcloud 1.9.6, img2table 2.0.0, OCRmyPDF 9.8.2, face_recognition 1.3.0, mahotas 1.4.19 and imageio
2.9.0; they are not part of this project.
"""

import hashlib
import io
import sys
import tarfile
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

_SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".gif")
_SMALLEST, _LARGEST = 100, 800


def main(folder: str, archives: Sequence[str]) -> None:
    """Keep every picture of every archive once, as RGB."""
    warnings.simplefilter("ignore")  # of damaged pictures, with which readers are tested
    seen: set[str] = set()
    for archive in map(Path, archives):
        name = archive.name.rpartition("-")[0].lower()
        kept = sum(_keep(content, Path(folder) / name, seen) for content in _pictures(archive))
        print(f"{name}: {kept} pictures", flush=True)


def _pictures(archive: Path) -> Iterator[bytes]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            yield from (zipped.read(name) for name in zipped.namelist() if name.lower().endswith(_SUFFIXES))
        return
    with tarfile.open(archive) as tarred:
        for member in tarred:
            if member.isfile() and member.name.lower().endswith(_SUFFIXES):
                file = tarred.extractfile(member)
                assert file is not None
                yield file.read()


def _keep(content: bytes, folder: Path, seen: set[str]) -> bool:
    digest = hashlib.sha256(content).hexdigest()[:12]
    try:
        with Image.open(io.BytesIO(content)) as image:
            if digest in seen or image.mode in ("I;16", "F", "I") or min(image.size) < _SMALLEST:
                return False
            picture = image.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False
    seen.add(digest)
    picture.thumbnail((_LARGEST, _LARGEST))
    folder.mkdir(parents=True, exist_ok=True)
    picture.save(folder / f"{digest}.jpg", quality=92)
    return True


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
