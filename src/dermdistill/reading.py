"""How the user wants labelled data to be read, beyond what its layout says."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reading:
    """The user's word on a data set; it is recorded in every run and evaluation.

    Attributes:
        labels: the diagnosis that a name stands for, by name: a folder's, or a value of the label column.
        positive: the names that mean melanoma; what the others mean is not asked, it is not melanoma.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    positive: tuple[str, ...] = ()


AS_FOUND = Reading()
"""The user adds nothing."""
