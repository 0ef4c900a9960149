"""What ``predict`` and ``explain`` say of their model."""

import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

from dermdistill.inference.decision import OperatingPointUsed, point_of
from dermdistill.inference.model import Model, model_file
from dermdistill.inference.wording import begins_at, introduction, rates
from dermdistill.messages import detail, inform


def introduce(model: Model, file: Path | None, point: OperatingPointUsed | None = None) -> None:
    """Say which model it is and where it decides; with ``--verbose`` all that its file says.

    Args:
        model: the model.
        file: that the user named; None for the packaged model.
        point: that decides, if it is not the model's.
    """
    decides = point or model.operating_point
    text = introduction(model.model_id, decides, model.prevalence, restated=model.is_restated)
    inform(textwrap.fill(text, shutil.get_terminal_size().columns, break_on_hyphens=False))
    for text in _details(model, model_file(file)):
        detail(text)


def _details(model: Model, file: Path) -> Iterator[str]:
    info = model.info
    yield f"model file: {file}"
    yield f"input: {info.input.size} x {info.input.size} px; classes: {', '.join(info.classes)}"
    yield f"prevalence that P(melanoma) is meant for: {model.prevalence:.3g}"
    for chosen in info.thresholds:
        if chosen.threshold is not None:
            point = point_of(info, chosen.name, str(file))
            yield f"operating point {point.name}: {begins_at(point)}; {rates(point)}"
    yield from (f"{key}: {value}" for key, value in info.provenance.items())
