"""What an evaluation says, as it is stored in ``metrics.json``."""

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """Immutable; an unknown field is an error; NaN is stored as null and read back as None."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Estimate(Frozen):
    """A figure with its 95 % interval.

    ``value`` is None (and ``reason`` says why) where the figure is undefined; ``low`` and ``high`` are None
    where no interval was made.
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
    """A threshold on P(melanoma) and where it came from; an image is called melanoma at or above it.

    Attributes:
        name: ``argmax``, ``youden``, ``specificity_0.90``, ``sensitivity_0.95``, ...
        threshold: in [0, 1]; may lie just above 1 where nothing must be called melanoma.
        chosen_on: ``fixed`` or ``val``.
        sensitivity, specificity: on the split that it was chosen on; None where fixed.
    """

    name: str
    threshold: float
    chosen_on: str
    sensitivity: float | None = None
    specificity: float | None = None


class OperatingPointScores(Frozen):
    """What an operating point does on the evaluated images.

    ``confusion`` is ``[[true benign, false melanoma], [missed melanoma, true melanoma]]``, counts of images.
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
    evaluated images themselves (keys ``0.80``, ``0.90``, ``0.95``): they describe the curve. The
    ``operating_points`` carry thresholds chosen elsewhere: they describe what a user would meet.
    """

    n_images: int
    n_lesions: int
    n_melanoma: int
    auc: Estimate
    auprc: Estimate
    brier: Estimate
    ece: Estimate
    sensitivity_at_specificity: dict[str, Estimate]
    specificity_at_sensitivity: dict[str, Estimate]
    operating_points: dict[str, OperatingPointScores]


class Comparison(Frozen):
    """Model ``a`` against model ``b`` on the same images, paired.

    Attributes:
        a, b: names of the groups (a group is one model trained with one or more seeds).
        delta_auc: mean AUC of a minus mean AUC of b; interval by bootstrap over lesions, the same resample
            for both.
        p_values: DeLong's two-sided p, one a pair of seeds; None where undefined.
        seeds: how many seeds each group had.
    """

    a: str
    b: str
    delta_auc: Estimate
    p_values: tuple[float | None, ...]
    seeds: tuple[int, int] = Field(description="number of seeds of a and of b")
