"""What a name says of a lesion, whatever a data set calls it.

The common names are the classes of the ISIC challenges of 2018 and 2019, with what those challenges put into
each; any other diagnosis keeps its own name in lower case.

Melanoma is recognised as a whole phrase only: ``melanoma`` with its stage, subtype or thickness. Any other
name that speaks of melanoma, of cancer or of a doubt is not understood, and neither is a name without any
word of dermatology. What is not understood is never guessed.
"""

import re
import unicodedata
from collections.abc import Sequence

from dermdistill.data import vocabulary
from dermdistill.records import MELANOMA

BENIGN = "benign"
"""Known not to be malignant, and nothing more."""

OTHER = "other"
"""Known to be none of the diagnoses that the source lists."""

NOT_MELANOMA = "not melanoma"
"""Known not to be melanoma, and nothing more."""

UNDECIDED = "undecided"
"""No diagnosis: the name says that it is not known, or that it may be melanoma or another cancer."""

_SYNONYMS: dict[str, tuple[str, ...]] = {
    "nevus": ("nv", "nev", "naevus", "nevi", "naevi", "melanocytic nevus", "melanocytic nevi"),
    "basal cell carcinoma": ("bcc",),
    # HAM10000 counts Bowen's disease among these.
    "actinic keratosis": (
        "akiec",
        "ak",
        "ack",
        "actinic keratoses",
        "solar or actinic keratosis",
        "actinic keratoses and intraepithelial carcinoma",
    ),
    "squamous cell carcinoma": (
        "scc",
        "squamous cell carcinoma nos",
        "squamous cell carcinoma invasive",
        "squamous cell carcinoma in situ",
        "sccka",
    ),
    # The challenges' BKL: solar lentigo, seborrheic keratosis and lichen planus-like keratosis.
    "benign keratosis": (
        "bkl",
        "benign keratosis like lesion",
        "benign keratosis like lesions",
        "pigmented benign keratosis",
        "seborrheic keratosis",
        "seborrheic keratoses",
        "seborrhoeic keratosis",
        "seborrhoeic keratoses",
        "sek",
        "solar lentigo",
        "lichenoid keratosis",
        "lichen planus like keratosis",
    ),
    "dermatofibroma": ("df",),
    "vascular lesion": (
        "vasc",
        "vascular lesions",
        "vascular tumors",
        "angioma",
        "hemangioma",
        "angiokeratoma",
        "pyogenic granuloma",
        "benign soft tissue proliferations vascular",
    ),
}
_CANONICAL = {
    **{name: name for name in _SYNONYMS},
    "malignant melanocytic proliferations melanoma": MELANOMA,
    # MILK10k's.
    "ben oth": BENIGN,
    "mal oth": "other malignancy",
    "inf": "inflammatory or infectious",
    **{synonym: name for name, synonyms in _SYNONYMS.items() for synonym in synonyms},
}
_COMMON = frozenset({*_SYNONYMS, MELANOMA, OTHER})

_WHOLE_PHRASES = (
    (vocabulary.MELANOMA, MELANOMA),
    (vocabulary.NO_MELANOMA, NOT_MELANOMA),
    (vocabulary.UNDECIDED, UNDECIDED),
    (vocabulary.MALIGNANT, UNDECIDED),
    (vocabulary.BENIGN, BENIGN),
    (vocabulary.OTHER, OTHER),
)


def canonical(name: str) -> str | None:
    """The common name of a diagnosis: ``MEL``, ``Melanoma in situ``, ``melanoma, NOS`` are ``melanoma``.

    ``UNDECIDED`` where the name says that the diagnosis is not known (``malignant``, ``unlabelled``); None
    where the name is not understood (``nevus vs melanoma``, ``batch 1``).
    """
    key = folded(name)
    meaning = _of_phrase(key) or _of_name_and_abbreviation(key)
    if meaning is not None:
        return meaning
    if not vocabulary.PROLIFERATIONS.fullmatch(key):
        if mentions_melanoma(name) or vocabulary.DOUBT.search(key) or not _is_latin(key):
            return None
        if not vocabulary.DIAGNOSIS.search(key):
            return None
    return _own_name(name)


def _of_phrase(key: str) -> str | None:
    if key in _CANONICAL:
        return _CANONICAL[key]
    return next((meaning for phrase, meaning in _WHOLE_PHRASES if phrase.fullmatch(key)), None)


def _of_name_and_abbreviation(key: str) -> str | None:
    """The diagnosis of ``Melanoma (MEL)``: twice the same."""
    words = key.split()
    for cut in range(1, len(words)):
        one = _of_phrase(" ".join(words[:cut]))
        if one is not None and one == _of_phrase(" ".join(words[cut:])):
            return one
    return None


def _is_latin(key: str) -> bool:
    """Whether all letters are Latin: no others are in the vocabulary, though some look alike."""
    return all(unicodedata.name(each, "").startswith("LATIN") for each in key if each.isalpha())


def mentions_melanoma(name: str) -> bool:
    """Whether a name speaks of melanoma or of cancer, in whatever sense."""
    return vocabulary.MENTION.search(folded(name)) is not None


def means_malignant(name: str) -> bool:
    """Whether a name says malignant and nothing more, which may be melanoma or another cancer."""
    return vocabulary.MALIGNANT.fullmatch(folded(name)) is not None


def of_levels(levels: Sequence[str]) -> str | None:
    """The diagnosis of a lesion that is described from coarse to fine, as in exports of the ISIC Archive.

    The coarsest of the common names, else the finest name: ``Malignant``, ``Malignant melanocytic
    proliferations (Melanoma)``, ``Melanoma in situ`` is ``melanoma``. ``UNDECIDED`` where no level is given,
    or where they leave open whether the lesion is a melanoma; None where a level that matters is not
    understood.
    """
    if not levels:
        return UNDECIDED
    names = [canonical(level) for level in levels]
    common = [name for name in names if name in _COMMON]
    if MELANOMA in names and names[0] == BENIGN:
        return None
    if MELANOMA in common[:1]:
        return MELANOMA
    if any(name is None and mentions_melanoma(level) for name, level in zip(names, levels, strict=True)):
        return None
    if common:
        return common[0]
    # A finer level settles what "malignant" leaves open; an undecided finer level settles nothing.
    if UNDECIDED in names[1:] or names == [UNDECIDED]:
        return UNDECIDED
    if names[0] == BENIGN:
        return _own_name(levels[-1])
    understood = [name for name in names if name not in (None, UNDECIDED)]
    return understood[-1] if understood else None


def contradict(one: str, other: str) -> bool:
    """Whether one lesion cannot have both (canonical) diagnoses: a nevus is benign, a melanoma is not."""
    unspecific = (BENIGN, OTHER, NOT_MELANOMA)
    if one == other:
        return False
    return MELANOMA in (one, other) or not (one in unspecific or other in unspecific)


def folded(name: str) -> str:
    """A name without what spelling adds: case, accents, spaces, underscores, hyphens and punctuation.

    Signs that mean something stay: ``?``, ``<``, ``+`` and the like. Words run together are parted
    (``NotMelanoma``), and numbers keep their decimal point.
    """
    text = unicodedata.normalize("NFKD", _parted(name)).replace("æ", "ae").replace("Æ", "ae")
    # Besides accents, format characters such as a zero-width space, which nobody sees.
    text = "".join(
        each for each in text if not unicodedata.combining(each) and unicodedata.category(each) != "Cf"
    ).casefold()
    text = re.sub(r"(?<=\d)[.,](?=\d)", "\0", text.replace("'", "").replace("\u2019", ""))
    return re.sub(r"[\s_.,:;()\[\]{}\"/\\\u2013\u2014-]+", " ", text).strip().replace("\0", ".")


def _own_name(name: str) -> str:
    seen = "".join(each for each in name if unicodedata.category(each) != "Cf")
    return " ".join(_parted(seen).lower().replace("_", " ").split())


def _parted(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
