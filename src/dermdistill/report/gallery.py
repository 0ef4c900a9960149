"""The images that each group of models gets most wrong, with their thumbnails."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dermdistill.evaluation.predictions import Predictions
from dermdistill.report import numbers
from dermdistill.report.groups import Group
from dermdistill.report.wrong import most_wrong, read_thumbnail
from dermdistill.runs import RunFolder

IMAGES_PER_GROUP = 12


@dataclass(frozen=True, slots=True)
class WrongImage:
    """One image; ``source`` is a data URI, None where the run folder has no thumbnail."""

    image_id: str
    diagnosis: str
    probability: str
    source: str | None


@dataclass(frozen=True, slots=True)
class Gallery:
    """The most wrong images of one group: those called too high, then the melanomas called too low."""

    label: str
    others: tuple[WrongImage, ...]
    melanomas: tuple[WrongImage, ...]


def wrong_predictions(group: Group) -> Predictions:
    """The rows to show of a group, with P(melanoma) as the mean over its seeds."""
    test = group.models[0].test
    mean = np.mean([model.test.probability for model in group.models], axis=0)
    of_group = replace(test, probability=mean)
    return of_group.take(most_wrong(of_group, IMAGES_PER_GROUP))


def galleries(run: RunFolder, groups: Sequence[Group]) -> list[Gallery]:
    """A gallery for each group."""
    return [_gallery(run, group) for group in groups]


def _gallery(run: RunFolder, group: Group) -> Gallery:
    wrong = wrong_predictions(group)
    images = [
        WrongImage(
            wrong.image_id[i],
            wrong.diagnosis[i],
            numbers.fraction(float(wrong.probability[i])),
            _data_uri(read_thumbnail(run, wrong.image_id[i])),
        )
        for i in range(len(wrong))
    ]
    label = wrong.label
    return Gallery(
        group.label,
        others=tuple(image for image, is_melanoma in zip(images, label, strict=True) if not is_melanoma),
        melanomas=tuple(image for image, is_melanoma in zip(images, label, strict=True) if is_melanoma),
    )


def _data_uri(jpeg: bytes | None) -> str | None:
    return None if jpeg is None else f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
