"""The four arrays of the paper's own code: benign and malignant images for training and testing.

``benign_train.npy``, ``malign_train.npy``, ``benign_test.npy`` and ``malign_test.npy``, each of RGB images
``(n, H, W, 3)`` or grey ones ``(n, H, W)``; see ``on_disk.pixels``. They are read from disk image by image.
"Malignant" means melanoma there.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from dermdistill.data.class_names import users_word
from dermdistill.data.diagnoses import BENIGN
from dermdistill.data.sources.on_disk.npy import ArrayImage, open_array
from dermdistill.data.sources.on_disk.pixels import scale
from dermdistill.data.sources.tables.table_records import lesions_unknown
from dermdistill.errors import UserError
from dermdistill.reading import AS_FOUND, Reading
from dermdistill.records import MELANOMA, DataSet, Record, SplitName

LAYOUT = "arrays"
LOOKED_FOR = "benign_train.npy, malign_train.npy, benign_test.npy and malign_test.npy"

_FILES: tuple[tuple[str, str, SplitName | None], ...] = (
    ("benign_train", BENIGN, None),
    ("malign_train", MELANOMA, None),
    ("benign_test", BENIGN, "test"),
    ("malign_test", MELANOMA, "test"),
)


def matches(path: Path, reading: Reading = AS_FOUND) -> bool:
    """Whether the folder holds any of the four arrays."""
    return any((path / f"{stem}.npy").is_file() for stem, _, _ in _FILES)


def read(path: Path, reading: Reading = AS_FOUND) -> DataSet:
    """Read the four arrays; the test arrays are the test split, the others are left to be divided.

    Raises:
        UserError: an array is missing, pickled, or does not hold images.
    """
    missing = [f"{stem}.npy" for stem, _, _ in _FILES if not (path / f"{stem}.npy").is_file()]
    if missing:
        raise UserError(f"{path}: {', '.join(missing)} missing; expected {LOOKED_FOR}")
    arrays = {stem: open_array(path / f"{stem}.npy") for stem, _, _ in _FILES}
    factors = {stem: scale(str(path / f"{stem}.npy"), array.dtype, array) for stem, array in arrays.items()}
    records = tuple(
        Record(
            image_id=f"{stem}-{index:05d}",
            image=ArrayImage(path / f"{stem}.npy", index, factors[stem]),
            lesion_id=f"{stem}-{index:05d}",
            diagnosis=users_word([stem.partition("_")[0]], reading) or diagnosis,
            split=split,
        )
        for stem, diagnosis, split in _FILES
        for index in range(len(arrays[stem]))
    )
    unknown = lesions_unknown(len(records), len(records))
    notes = ("malignant means melanoma in these arrays", unknown, *_copies(records))
    names = Counter(record.image_id.partition("_")[0] for record in records)
    return DataSet(LAYOUT, path, records, notes=notes, names=names)


def _copies(records: Sequence[Record]) -> list[str]:
    """A note on test images that are training images too; they stay, as the arrays are those of the paper.

    Every image is read from disk once.
    """
    training = {record.image.digest() for record in records if record.split is None}
    test = [record.image.digest() for record in records if record.split == "test"]
    copies = sum(digest in training for digest in test)
    of_all = f"{copies} of {len(test)} test images"
    return [f"{of_all} are exact copies of training images, which flatters the results"] if copies else []
