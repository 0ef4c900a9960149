"""The learning rate of every step, as a pure function, so that a resumed run needs no scheduler state."""

import math
from typing import Literal


def learning_rate(
    step: int, *, base: float, steps: int, warmup: int, kind: Literal["cosine", "constant"]
) -> float:
    """Learning rate of one step.

    Args:
        step: counted from 0 over the whole cycle.
        base: the highest rate, reached at the end of the warm-up.
        steps: all steps of the cycle.
        warmup: steps of the linear warm-up; the first has base / warmup.
        kind: ``cosine`` falls from ``base`` towards zero after the warm-up; ``constant`` stays.
    """
    if step < warmup:
        return base * (step + 1) / warmup
    if kind == "constant":
        return base
    progress = (step - warmup) / max(1, steps - warmup)
    return base * 0.5 * (1 + math.cos(math.pi * progress))
