import math

import numpy as np
import pytest
from scipy.stats import binomtest
from statsmodels.stats.proportion import proportion_confint

from dermdistill.evaluation.metrics import Floats
from dermdistill.evaluation.shares import Share, share


def counted(found: int, images: int) -> Share:
    """Of images of as many lesions."""
    part = np.arange(images) < found
    return share(part.astype(float), np.ones(images), [str(i) for i in range(images)])


@pytest.mark.parametrize(("found", "images"), [(0, 5), (1, 5), (5, 5), (37, 40), (450, 1000)])
def test_one_image_per_lesion_gives_wilsons_interval(found: int, images: int) -> None:
    of = counted(found, images)
    expected = proportion_confint(found, images, method="wilson")
    assert (of.low, of.high) == pytest.approx(expected)
    scipys = binomtest(found, images).proportion_ci(method="wilson")
    assert (of.low, of.high) == pytest.approx((scipys.low, scipys.high))
    assert of.value == pytest.approx(found / images)


def test_copies_of_each_photograph_tell_nothing_more() -> None:
    found = np.repeat(np.arange(40) < 30, 3).astype(float)
    lesions = [str(i // 3) for i in range(120)]
    assert share(found, np.ones(120), lesions).effective == pytest.approx(40)
    assert share(np.ones(120), np.ones(120), lesions) == Share(1.0, 40)


def test_images_outside_the_whole_do_not_count() -> None:
    whole = np.array([1.0, 1, 0, 0])
    of = share(np.array([1.0, 0, 0, 0]), whole, list("abcd"))
    assert (of.value, of.effective) == (0.5, 2)


def test_a_mean_over_seeds_is_not_surer_than_one_seed() -> None:
    thirds = np.array([1, 2 / 3, 1 / 3, 0] * 10)
    of = share(thirds, np.ones(40), [str(i) for i in range(40)])
    assert [of.value, of.effective] == pytest.approx([0.5, 40])


def test_of_no_image_nothing_is_known() -> None:
    of = share(np.zeros(3), np.zeros(3), list("abc"))
    assert math.isnan(of.value)
    assert math.isnan(of.low)
    assert of.estimate("no melanoma").reason == "no melanoma"


def drawn(generator: np.random.Generator, lesions: int) -> tuple[Floats, list[str]]:
    """Two photographs of each lesion, mostly called alike; the true share is 0.9."""
    first = generator.random(lesions) < 0.9
    other = np.where(generator.random(lesions) < 0.7, first, generator.random(lesions) < 0.9)
    return np.concatenate([first, other]).astype(float), [str(i) for i in range(lesions)] * 2


def test_the_interval_covers_the_truth_where_photographs_repeat_lesions() -> None:
    generator = np.random.default_rng(0)
    covered = 0
    for _ in range(600):
        found, lesions = drawn(generator, 40)
        of = share(found, np.ones(len(found)), lesions)
        covered += of.low <= 0.9 <= of.high
    assert 0.92 <= covered / 600 <= 0.98
