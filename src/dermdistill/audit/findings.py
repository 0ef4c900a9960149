"""What an audit finds: one image or a pair of images, why, and how sure that is."""

from dataclasses import dataclass
from typing import Literal

KindName = Literal[
    "unreadable",
    "blank",
    "exact-copy",
    "near-copy",
    "copy-with-another-label",
    "lesion-with-two-diagnoses",
    "lesion-in-two-splits",
    "same-lesion",
    "tiny",
    "blurred",
    "not-dermoscopic",
    "suspicious-label",
    "learned-from",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at.

    Attributes:
        kind: one of `KINDS`.
        images: rows of the records: one image, or two that are shown side by side.
        score: what findings of a kind are ranked by, the most certain first; its meaning is the kind's.
        detail: for the reader, a few words.
        leave_out: the rows that ``--left-out`` leaves out because of it.
    """

    kind: KindName
    images: tuple[int, ...]
    score: float
    detail: str
    leave_out: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """What findings of one kind are.

    Attributes:
        title: the heading.
        how: how they are found.
        errors: what is known of how many of them are false.
        remedy: what ``--left-out`` does about them.
        score: what the score is, where the detail of a finding does not say it.
    """

    title: str
    how: str
    errors: str
    remedy: str = "Nothing: a person decides."
    score: str = ""


KINDS: dict[KindName, Kind] = {
    "unreadable": Kind(
        "Images that cannot be read",
        "Every image is decoded.",
        "None.",
        "Leaves them out.",
    ),
    "blank": Kind(
        "Blank images",
        "The luminance hardly varies: its standard deviation is below 3 of 255 grey levels.",
        "None of the 13,199 images of HAM10000 and the ISIC Archive is below that; the least has 3.7.",
        "Leaves them out.",
    ),
    "exact-copy": Kind(
        "Exact copies",
        "Files of the same content under two names, or in two sources.",
        "None.",
        "Keeps one: a test image before a validation image before a training image, then the first by name.",
    ),
    "near-copy": Kind(
        "Near copies",
        "The same photograph saved again: smaller, compressed, mirrored, turned, or cut to its middle. Two "
        "views of each image are compared with the perceptual hashes of all others in 8 orientations, up to "
        "a distance of 0.008; the model's features must not differ much.",
        "In HAM10000 2 of 98 pairs have different lesion ids (19 of 118 where the images are too few to "
        "compare features); in the ISIC 2017 sets 1 of 17 is false by eye. Some are other photographs of "
        "the same lesion.",
        "Keeps one, as of exact copies; keeps both if they are of one lesion and in one split.",
        "distance",
    ),
    "copy-with-another-label": Kind(
        "One picture under two labels",
        "Exact or near copies whose diagnoses contradict each other.",
        "None of exact copies (distance 0); as many as of near copies.",
        "Leaves both out.",
        "distance",
    ),
    "lesion-with-two-diagnoses": Kind(
        "One lesion under two diagnoses",
        "Images of one lesion id whose diagnoses contradict each other; those about melanoma come first.",
        "None, if the lesion ids are right.",
        "Leaves out all images of the lesion if only some of them are labelled melanoma.",
    ),
    "lesion-in-two-splits": Kind(
        "Lesions and patients in more than one split",
        "Images that share a lesion id or a patient id, directly or through copies.",
        "None, if the ids are right and the copies are copies.",
        "Keeps the images of one split: test before validation before training.",
    ),
    "same-lesion": Kind(
        "Perhaps the same lesion",
        "Images whose lesion ids differ, but whose features in the model are nearly the same, as those of "
        "two photographs of one lesion are, or of a photograph and a crop of it. The features of the whole "
        "image and of its middle are compared, up to a distance of 0.25.",
        "Many. In HAM10000 31 % of all pairs this near have different lesion ids, and 8 % of those up to "
        "0.15; in the ISIC 2017 sets 8 of 25 are false by eye. Where the lesion ids are nearly complete, "
        "most findings here are false.",
        score="distance",
    ),
    "tiny": Kind(
        "Tiny images",
        "One side is shorter than the model's input.",
        "None.",
    ),
    "blurred": Kind(
        "Blurred images",
        "At the size of the model's input, less sharp than 999 of 1,000 of its training images.",
        "1 in 1,000 images like the training images. Smooth skin with a small lesion looks blurred too.",
    ),
    "not-dermoscopic": Kind(
        "Perhaps not dermoscopic",
        "The model's detector takes it for something else: a close-up without a dermatoscope, a person, a "
        "document, a drawing, an empty field.",
        "1 to 3 in 100 dermoscopic images, with stickers or frames for example.",
    ),
    "suspicious-label": Kind(
        "Suspicious labels",
        "A small model on the network's features, fitted to other lesions, predicts the other label: with a "
        "probability at least as high as its mean over images of that label (confident learning).",
        "Most: a rare case looks like a wrong label. With 2 % of the labels of the ISIC Archive changed on "
        "purpose, 37 of these 64 are found, 15 among the first 50.",
    ),
    "learned-from": Kind(
        "Images that the model learned from",
        "The same image id, perceptual hash or lesion as a training or validation image of the model that "
        "is used here.",
        "By hash at most 3 in 1,000 images of other lesions.",
        "Nothing. Figures of this model on them are too good; another model may use them.",
    ),
}
