from collections import Counter
from itertools import pairwise

import numpy as np

from dermdistill.data.synthetic.canvas import Canvas
from dermdistill.data.synthetic.skin import SKIN_TYPES, draw_skin, draw_skin_type


def test_all_six_fitzpatrick_types_occur_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    drawn = Counter(draw_skin_type(rng).name for _ in range(20_000))
    assert list(dict.fromkeys(skin.name for skin in SKIN_TYPES)) == ["I", "II", "III", "IV", "V", "VI"]
    for skin in SKIN_TYPES:
        assert abs(drawn[skin.name] / 20_000 - skin.share) < 0.02


def test_each_type_is_darker_than_the_one_before() -> None:
    brightness: dict[str, list[float]] = {skin.name: [] for skin in SKIN_TYPES}
    for seed in range(120):
        name = draw_skin_type(np.random.default_rng(seed)).name
        brightness[name].append(float(draw_skin(Canvas(16), np.random.default_rng(seed)).colour().mean()))
    means = [np.mean(values) for values in brightness.values()]
    assert all(darker < lighter - 0.01 for lighter, darker in pairwise(means))
