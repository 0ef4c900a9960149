"""What an evaluation says: figures with their intervals."""

from pydantic import Field

from dermdistill.json_files import Frozen

RATES = ("0.80", "0.90", "0.95")
"""Keys of the specificities that a sensitivity is given at, and the reverse."""


class Estimate(Frozen):
    """A figure with its 95 % interval.

    Attributes:
        value: None where the figure is undefined.
        low, high: None where no interval can be made.
        reason: why ``value`` or the interval is missing; None when both are there.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


class ClassScores(Frozen):
    """Precision, recall and F1 of one class."""

    precision: Estimate
    recall: Estimate
    f1: Estimate


class OperatingPoint(Frozen):
    """A rule to call an image melanoma, and where it came from.

    Attributes:
        name: ``argmax``, ``youden``, ``specificity_0.90``, ``sensitivity_0.95``, ...
        threshold: an image is called melanoma when P(melanoma) is at or above it; in [0, 1], or just above 1
            where nothing must be called melanoma. None for ``argmax`` over more than two diagnoses: the image
            is called melanoma when no diagnosis is more probable, which no threshold expresses.
        chosen_on: ``fixed`` or ``val``.
        sensitivity, specificity: on the split that it was chosen on; None where fixed.
    """

    name: str
    threshold: float | None
    chosen_on: str
    sensitivity: float | None = None
    specificity: float | None = None


class OperatingPointScores(Frozen):
    """What an operating point does on the evaluated images.

    ``confusion`` is ``[[true other, false melanoma], [missed melanoma, true melanoma]]``, counts of images.
    """

    point: OperatingPoint
    sensitivity: Estimate
    specificity: Estimate
    accuracy: Estimate
    balanced_accuracy: Estimate
    melanoma: ClassScores
    other: ClassScores
    confusion: tuple[tuple[int, int], tuple[int, int]]


class Evaluation(Frozen):
    """All figures of one model on one set of images.

    ``sensitivity_at_specificity`` and ``specificity_at_sensitivity`` are read off the ROC curve of the
    evaluated images themselves (keys `RATES`): they describe the curve. The ``operating_points`` carry
    thresholds chosen elsewhere: they describe what a user would meet. ``n_seen`` counts the images that were
    recognised as ones that the model learned from, or as their lesions; they flatter every figure.
    ``by_source`` has the same figures for the images of each source, where there are several.
    """

    n_images: int
    n_lesions: int
    n_melanoma: int
    n_seen: int = 0
    auc: Estimate
    auprc: Estimate
    brier: Estimate
    ece: Estimate
    sensitivity_at_specificity: dict[str, Estimate]
    specificity_at_sensitivity: dict[str, Estimate]
    operating_points: dict[str, OperatingPointScores]
    by_source: dict[str, "Evaluation"] = Field(default_factory=dict)


class SeedMean(Estimate):
    """The mean of a figure over several seeds of one model, undefined where it is for any of them.

    The interval is of this mean for these very networks, from resampling the images; what another training
    would give is seen in ``sd``.

    Attributes:
        per_seed: the figure of each, in the order given.
        sd: sample standard deviation over the seeds; None for a single one or where the mean is undefined.
    """

    per_seed: tuple[float | None, ...]
    sd: float | None


class ClassSeedMeans(Frozen):
    """Precision, recall and F1 of one class, over seeds."""

    precision: SeedMean
    recall: SeedMean
    f1: SeedMean


class OperatingPointSeedMeans(Frozen):
    """What the operating points of one name do, each seed with its own threshold.

    Attributes:
        thresholds: of each seed; None as in `OperatingPoint`.
        chosen_sensitivity, chosen_specificity: on the split that they were chosen on, means over the seeds;
            None where the point is fixed.
        confusion: as of `OperatingPointScores`, means over the seeds.
    """

    thresholds: tuple[float | None, ...]
    chosen_sensitivity: float | None
    chosen_specificity: float | None
    confusion: tuple[tuple[float, float], tuple[float, float]]
    sensitivity: SeedMean
    specificity: SeedMean
    accuracy: SeedMean
    balanced_accuracy: SeedMean
    melanoma: ClassSeedMeans
    other: ClassSeedMeans


class GroupEvaluation(Frozen):
    """All figures of one model trained with several seeds, on one set of images; fields as `Evaluation`."""

    seeds: int
    n_images: int
    n_lesions: int
    n_melanoma: int
    n_seen: int = 0
    auc: SeedMean
    auprc: SeedMean
    brier: SeedMean
    ece: SeedMean
    sensitivity_at_specificity: dict[str, SeedMean]
    specificity_at_sensitivity: dict[str, SeedMean]
    operating_points: dict[str, OperatingPointSeedMeans]
    by_source: dict[str, "GroupEvaluation"] = Field(default_factory=dict)


class Comparison(Frozen):
    """Model ``a`` against model ``b`` on the same images, paired.

    Pairs are seed i with seed i where both groups have as many seeds; else every seed of a with every seed of
    b, those of b running fastest.

    Attributes:
        a, b: names of the groups (a group is one model trained with one or more seeds).
        delta_auc: mean AUC of a minus mean AUC of b; interval by bootstrap over lesions, the same resample
            for all. It speaks of these very networks, not of what another seed would give.
        pair_deltas: AUC of a minus AUC of b, one per pair; None where undefined.
        p_values: two-sided p of DeLong's test with lesions as clusters, one per pair; None where undefined.
        seeds: how many seeds each group had.
    """

    a: str
    b: str
    delta_auc: Estimate
    pair_deltas: tuple[float | None, ...]
    p_values: tuple[float | None, ...]
    seeds: tuple[int, int] = Field(description="number of seeds of a and of b")


class Difference(Frozen):
    """A difference in one figure of two models on the same images; fields as of `Comparison`."""

    delta: Estimate
    pair_deltas: tuple[float | None, ...]


class ClassDifferences(Frozen):
    """Differences in precision, recall and F1 of one class."""

    precision: Difference
    recall: Difference
    f1: Difference


class DecisionComparison(Frozen):
    """The calls of model ``a`` against those of model ``b``, paired as in `Comparison`."""

    a: str
    b: str
    seeds: tuple[int, int]
    melanoma: ClassDifferences
    other: ClassDifferences
