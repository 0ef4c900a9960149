"""The figures of arXiv:2210.08086 (Khan et al. 2022), as data: Table 2, DSNet's scores, its sweeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from dermdistill.judgement.judgement import NetworkComparison, Sweep

TITLE = "Knowledge Distillation approach towards Melanoma Detection"
ARXIV = "https://arxiv.org/abs/2210.08086"


@dataclass(frozen=True, slots=True)
class PublishedStudent:
    """One line of the paper's Table 2.

    Attributes:
        parameters: trainable, as printed, in millions.
        training_seconds, prediction_seconds: on the authors' GPU; prediction of the 3,000 test images.
        accuracy: on the balanced test images.
        remark: what the authors' published notebooks print for the accuracy instead.
    """

    architecture: str
    parameters: str
    training_seconds: float
    prediction_seconds: float
    accuracy: float
    remark: str | None = None


class PublishedClassScores(NamedTuple):
    """Precision, recall and F1 of one class, as printed."""

    precision: float
    recall: float
    f1: float


TABLE_2 = (
    PublishedStudent("ResNet-101", "42.5 M", 1972, 14.55, 0.996),
    PublishedStudent("ResNet-50", "23.5 M", 1165, 8.28, 0.994),
    PublishedStudent("Inception-V3", "21.7 M", 896, 10.26, 0.995, "0.985 in the notebook with distillation"),
    PublishedStudent("VGG-16", "14.7 M", 664, 20.49, 0.998),
    PublishedStudent("EfficientNet-B0", "4 M", 1070, 4.98, 0.820, "1.00 in a notebook without distillation"),
    PublishedStudent("MobileNet", "3.2 M", 660, 5.14, 0.985),
    PublishedStudent("DSNet", "0.26 M", 340, 2.57, 0.917),
)
DSNET_ACCURACY = 0.917
DSNET_MELANOMA = PublishedClassScores(precision=0.96, recall=0.87, f1=0.91)
DSNET_OTHER = PublishedClassScores(precision=0.88, recall=0.97, f1=0.92)

_TEMPERATURE_ACCURACY = {3: 0.829, 5: 0.851, 7: 0.897, 10: 0.917, 20: 0.843, 70: 0.899, 90: 0.866, 100: 0.772}
"""Of DSNet, single runs; batch 64."""
_BATCH_SIZE_ACCURACY = {18: 0.881, 32: 0.897, 64: 0.917, 96: 0.831}
"""Of DSNet, single runs; temperature 10."""


@dataclass(frozen=True, slots=True)
class SweptSetting:
    """A setting that the paper varies.

    Attributes:
        symbol: what stands before a value.
        accuracies: the paper's, by value.
        logarithmic: whether its values are spread over decades.
    """

    name: str
    plural: str
    symbol: str
    accuracies: Mapping[int, float]
    logarithmic: bool

    def named(self, value: float) -> str:
        """``T = 10``, ``batch 64``."""
        return f"{self.symbol} {value:g}"

    def sweep(self, networks: NetworkComparison) -> Sweep:
        """This run's."""
        return networks.temperature if self.name == "temperature" else networks.batch_size


TEMPERATURE = SweptSetting("temperature", "temperatures", "T =", _TEMPERATURE_ACCURACY, True)
BATCH_SIZE = SweptSetting("batch size", "batch sizes", "batch", _BATCH_SIZE_ACCURACY, False)
