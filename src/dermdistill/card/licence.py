"""The licence of a model: that of the images that it learned from, where it is known."""

from dataclasses import dataclass
from importlib import resources

from dermdistill.download.published import CC_BY_NC, PUBLISHED, Published
from dermdistill.inference.model_info import ModelInfo
from dermdistill.records import LAYOUTS_JOINED


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence.

    Attributes:
        spdx: its identifier; in lower case it is the Hub's.
        name: for people.
        url: where it can be read.
        why: what it follows from.
        text: all of it.
    """

    spdx: str
    name: str
    url: str
    why: str
    text: str


def trained_on(info: ModelInfo) -> tuple[Published | None, ...]:
    """What is published about each data set that a model learned from; None for one that is not known."""
    known = {entry.name: entry for entry in PUBLISHED}
    layouts = info.provenance.get("data", "").split(LAYOUTS_JOINED)
    return tuple(known.get(layout) for layout in layouts)


def licence_of(info: ModelInfo) -> Licence | None:
    """The licence that a model inherits; None where nothing recorded says it.

    Only one is known to be passed on: models of images under CC BY-NC 4.0 are not for commercial use.
    """
    inherited = [entry.name for entry in trained_on(info) if entry is not None and entry.licence == CC_BY_NC]
    if not inherited:
        return None
    text = resources.files("dermdistill").joinpath("card", "licences", "CC-BY-NC-4.0.txt")
    return Licence(
        spdx="CC-BY-NC-4.0",
        name="CC BY-NC 4.0",
        url="https://creativecommons.org/licenses/by-nc/4.0/",
        why=f"the licence of the training images of {' and '.join(inherited)}",
        text=text.read_text(encoding="utf-8"),
    )
