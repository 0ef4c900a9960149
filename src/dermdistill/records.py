"""What every data source gives: one record per image, for every published layout."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

MELANOMA = "melanoma"
OTHER = "other"
"""Every diagnosis but melanoma, as a class of a binary target and as a decision."""

SplitName = Literal["train", "val", "test"]
SPLIT_NAMES: tuple[SplitName, ...] = ("train", "val", "test")

Pixels = NDArray[np.uint8]
"""An RGB image, ``(H, W, 3)``, uint8."""


class ImageSource(Protocol):
    """Where the pixels of one image come from: a file, a row of an array, a procedural drawing.

    Picklable, so that worker processes can decode it.
    """

    @property
    def name(self) -> str:
        """What an error message calls this image (a file's path, for instance)."""
        ...

    def digest(self) -> str:
        """Hex digest of the content: another value whenever the pixels could be different."""
        ...

    def decode(self) -> Pixels:
        """The image as RGB uint8 ``(H, W, 3)``, upright.

        Raises:
            UserError: the content is missing, damaged or not an image.
        """
        ...


@dataclass(frozen=True, slots=True)
class Record:
    """One image and what its source says of it.

    Attributes:
        image_id: unique within the data set.
        image: where the pixels come from.
        lesion_id: groups the images of one lesion; equals ``image_id`` where the source has none.
        diagnosis: lower-case name, such as ``melanoma`` or ``nevus``.
        patient_id: groups the lesions of one patient, where the source knows it.
        split: the split that the source itself assigns, if it does.
        age: in years.
        sex: ``male`` or ``female``.
        site: where on the body, in the source's words.
        skin_type: Fitzpatrick's, ``I`` to ``VI``, or a value on the source's own scale, such as DDI's ``12``.
        collection: the collection or device that the image comes from, in the source's words.
        source: the name of the data set that it was read from, such as the folder's.
    """

    image_id: str
    image: ImageSource
    lesion_id: str
    diagnosis: str
    patient_id: str | None = None
    split: SplitName | None = None
    age: float | None = None
    sex: str | None = None
    site: str | None = None
    skin_type: str | None = None
    collection: str | None = None
    source: str = ""

    @property
    def is_melanoma(self) -> bool:
        """The label of the binary task: melanoma is the positive class."""
        return self.diagnosis == MELANOMA

    @property
    def group(self) -> str:
        """What a split must never divide: the patient where known, else the lesion."""
        return f"patient:{self.patient_id}" if self.patient_id is not None else f"lesion:{self.lesion_id}"


LAYOUTS_JOINED = " + "


@dataclass(frozen=True, slots=True)
class DataSet:
    """All records of one source, or of several united, with what a reader should know about them.

    Attributes:
        layout: the recognised layout, such as ``ham10000``; of several sources all of theirs, joined by
            ``LAYOUTS_JOINED``.
        root: the folder or file that was read; None for procedural images and several sources.
        records: in a stable order; ids are unique.
        synthetic: True when the images are procedural; every output made from them says so.
        notes: one line each for anything the source left out or resolved, for the user to see.
        names: what the source calls the lesions (folders, values of the label column), with the number of
            images of each; those that were left out are among them.
    """

    layout: str
    root: Path | None
    records: tuple[Record, ...]
    synthetic: bool = False
    notes: tuple[str, ...] = ()
    names: Mapping[str, int] = field(default_factory=dict)
