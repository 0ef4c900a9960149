"""How labelled data is to be read, beyond what its layout says."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reading:
    """The user's word on a data set; it is recorded in every run and evaluation.

    Attributes:
        labels: the diagnosis that a name stands for, by name: a folder's, or a value of the label column.
        positive: the names that mean melanoma; what the others mean is not asked, it is not melanoma.
        image_column, label_column, lesion_column, patient_column: of a table, where not found by their names.
        contradictions: keep copies of one picture whose diagnoses contradict each other, for an audit to name
            them all; otherwise they are an error.
        for_evaluation: labels of two values, such as 0 and 1, say melanoma or not, and there need be no
            melanoma; a network cannot be trained on such.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    positive: tuple[str, ...] = ()
    image_column: str | None = None
    label_column: str | None = None
    lesion_column: str | None = None
    patient_column: str | None = None
    contradictions: bool = field(default=False, kw_only=True)
    for_evaluation: bool = field(default=False, kw_only=True)

    @property
    def columns(self) -> dict[str, str]:
        """The columns that the user names, by option."""
        named = {
            "--image-column": self.image_column,
            "--label-column": self.label_column,
            "--lesion-column": self.lesion_column,
            "--patient-column": self.patient_column,
        }
        return {option: column for option, column in named.items() if column is not None}


AS_FOUND = Reading()
"""The user adds nothing."""
