import math

import pytest

from dermdistill.training.schedule import learning_rate


def rates(kind: str, steps: int = 10, warmup: int = 4) -> list[float]:
    return [
        learning_rate(step, base=2.0, steps=steps, warmup=warmup, kind=kind)  # type: ignore[arg-type]
        for step in range(steps)
    ]


def test_warm_up_rises_in_equal_steps() -> None:
    assert rates("cosine")[:4] == pytest.approx([0.5, 1.0, 1.5, 2.0])


def test_cosine_falls_along_half_a_wave() -> None:
    expected = [1 + math.cos(math.pi * i / 6) for i in range(6)]
    assert rates("cosine")[4:] == pytest.approx(expected)


def test_constant_stays() -> None:
    assert rates("constant")[4:] == [2.0] * 6
    assert rates("constant", warmup=0) == [2.0] * 10
