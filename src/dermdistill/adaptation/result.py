"""What an adaptation says of itself: all that its report, its card and ``--json`` show."""

from dermdistill.evaluation.estimates import Estimate
from dermdistill.json_files import Frozen


class Rate(Frozen):
    """A share of independent cases with its exact 95 % interval.

    Attributes:
        found, cases: the share is ``found / cases``.
        low, high: of the interval (``evaluation.binomial.exact_interval``).
    """

    found: int
    cases: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share."""
        return self.found / self.cases


class Photographs(Frozen):
    """What a model was adapted to.

    Attributes:
        images, melanomas: photographs.
        lesions: of all of them.
        groups, melanoma_groups: independent cases: patients where known, else lesions.
        prevalence: share of melanoma among the photographs.
        digest: another one whenever a photograph or a label is another.
    """

    images: int
    melanomas: int
    lesions: int
    groups: int
    melanoma_groups: int
    prevalence: float
    digest: str


class Side(Frozen):
    """A model on the photographs, before or after.

    Attributes:
        point: operating point that flags.
        threshold: of that point, on P(melanoma).
        auc, ece: over all photographs.
        sensitivity, specificity: of one photograph of each independent case.
    """

    point: str
    threshold: float
    auc: Estimate
    ece: Estimate
    sensitivity: Rate
    specificity: Rate


class Gain(Frozen):
    """The AUC of a new last step less that of the present one, in cross-validation."""

    last_step: str
    delta_auc: float
    standard_error: float


class Threshold(Frozen):
    """How the threshold for the wanted sensitivity was set.

    Attributes:
        wanted: the sensitivity.
        promised: whether it is promised with 95 % confidence.
        cases, misses: independent melanomas that set it, and how many of them lie below it.
        needed: independent melanomas that a promise needs.
        most_promised: the highest sensitivity that these melanomas could promise.
    """

    wanted: float
    promised: bool
    cases: int
    misses: int
    needed: int
    most_promised: float


class Band(Frozen):
    """What is referred to a person if photographs from the threshold up to another point are.

    Attributes:
        up_to: operating point at the upper end.
        referred, flagged, not_flagged: photographs.
        melanomas_referred, melanomas_flagged, melanomas_missed: melanomas among them.
    """

    up_to: str
    referred: int
    flagged: int
    not_flagged: int
    melanomas_referred: int
    melanomas_flagged: int
    melanomas_missed: int


class Result(Frozen):
    """An adaptation, with figures of photographs that decided nothing (``nested``).

    Attributes:
        model: the id of the model that was adapted.
        date: ISO, of the day.
        photographs: what it was adapted to.
        last_step: ``as it is``, ``logits`` or ``features``.
        gains: of each that was tried; empty where there were too few melanomas to try one.
        threshold: how it was set.
        before: the model as it was, at its own default point.
        after: the adapted one, at its new default point, in nested cross-validation.
        delta_auc: after less before, paired.
        more_melanomas: how many more independent melanomas make the interval of the sensitivity no wider than
            the key.
        bands: see ``Band``.
        notes: which photographs were left out, and what was not checked.
    """

    model: str
    date: str
    photographs: Photographs
    last_step: str
    gains: tuple[Gain, ...]
    threshold: Threshold
    before: Side
    after: Side
    delta_auc: Estimate
    more_melanomas: dict[str, int]
    bands: tuple[Band, ...]
    notes: tuple[str, ...]
