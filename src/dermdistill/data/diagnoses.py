"""One name a diagnosis, whatever a data set calls it.

The common names are the classes of the ISIC challenges of 2018 and 2019, with what those challenges put into
each; any other diagnosis keeps its own name in lower case.
"""

import re
from collections.abc import Sequence

from dermdistill.records import MELANOMA

BENIGN = "benign"
"""Known not to be malignant, and nothing more."""

OTHER = "other"
"""Known to be none of the diagnoses that the source lists."""

_SYNONYMS: dict[str, tuple[str, ...]] = {
    MELANOMA: ("mel", "lentigo maligna"),
    "nevus": ("nv", "nev", "naevus", "nevi", "melanocytic nevus", "melanocytic nevi"),
    "basal cell carcinoma": ("bcc",),
    # HAM10000 counts Bowen's disease among these.
    "actinic keratosis": ("akiec", "ak", "ack", "actinic keratoses", "solar or actinic keratosis"),
    "squamous cell carcinoma": (
        "scc",
        "squamous cell carcinoma, nos",
        "squamous cell carcinoma, invasive",
        "squamous cell carcinoma in situ",
    ),
    # The challenges' BKL: solar lentigo, seborrheic keratosis and lichen planus-like keratosis.
    "benign keratosis": (
        "bkl",
        "benign keratosis like lesion",
        "benign keratosis like lesions",
        "pigmented benign keratosis",
        "seborrheic keratosis",
        "solar lentigo",
        "lichenoid keratosis",
        "lichen planus like keratosis",
    ),
    "dermatofibroma": ("df",),
    "vascular lesion": (
        "vasc",
        "vascular lesions",
        "angioma",
        "hemangioma",
        "angiokeratoma",
        "pyogenic granuloma",
        "benign soft tissue proliferations vascular",
    ),
    OTHER: ("unk",),
}
_CANONICAL = {synonym: name for name, synonyms in _SYNONYMS.items() for synonym in synonyms}

_DENIED_MELANOMA = re.compile(r"\b(non|not|no) ?melanoma\b")
_MELANOMA = re.compile(r"\bmelanoma\b")

# Names that leave open whether the lesion is a melanoma: by what they say, or because pathologists could not.
_OPEN = frozenset(
    {
        "malignant",
        "indeterminate",
        "collision at least one malignant proliferation",
        "indeterminate melanocytic proliferations",
        "atypical melanocytic proliferation",
        "atypical melanocytic neoplasm",
        "atypical intraepithelial melanocytic proliferation",
        "aimp",
        "atypical spitz tumor",
    }
)


def canonical(name: str) -> str:
    """The common name of a diagnosis: ``MEL``, ``Melanoma in situ``, ``melanoma, NOS`` are ``melanoma``."""
    key = _key(name)
    if _DENIED_MELANOMA.search(key):
        return "not melanoma"
    if _MELANOMA.search(key):
        return MELANOMA
    return _CANONICAL.get(key, " ".join(name.lower().replace("_", " ").split()))


def of_levels(levels: Sequence[str]) -> str | None:
    """The diagnosis of a lesion that is described from coarse to fine, as in exports of the ISIC Archive.

    The coarsest of the common names, else the finest name: ``Malignant``, ``Malignant melanocytic
    proliferations (Melanoma)``, ``Melanoma in situ`` is ``melanoma``. None where no level is given, or where
    they leave open whether the lesion is a melanoma.
    """
    names = [canonical(level) for level in levels]
    common = [name for name in names if name in _SYNONYMS]
    if common:
        return common[0]
    # A finer level settles what "malignant" leaves open; an open finer level settles nothing.
    left_open = [level for level in (*levels[1:], *levels[-1:]) if _key(level) in _OPEN]
    return names[-1] if names and not left_open else None


def contradict(one: str, other: str) -> bool:
    """Whether one lesion cannot have both (canonical) diagnoses: a nevus is benign, a melanoma is not."""
    return one != other and (BENIGN not in (one, other) or MELANOMA in (one, other))


def _key(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name.lower()).strip()
