"""Every objective by its name in recipes; a new one is a file beside this one and an entry here."""

from collections.abc import Mapping

from dermdistill.distillation.as_published import AsPublished
from dermdistill.distillation.hard_labels import HardLabels
from dermdistill.distillation.hinton import Hinton
from dermdistill.distillation.objective import Objective

OBJECTIVES: Mapping[str, type[Objective]] = {
    "labels": HardLabels,
    "hinton": Hinton,
    "as-published": AsPublished,
}
