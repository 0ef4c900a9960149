"""Each criterion leaves its own mark on the tissue, and only on the lesion."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from dermdistill.data.synthetic.canvas import Canvas, Field
from dermdistill.data.synthetic.criteria import Criteria
from dermdistill.data.synthetic.dermis import add_regression, add_veil, add_vessels
from dermdistill.data.synthetic.lesion import Lesion, Pattern, add_body, draw_outline
from dermdistill.data.synthetic.structures import add_blotches, add_globules, add_network, add_streaks
from dermdistill.data.synthetic.tissue import Tissue, drawn_pixels

ABSENT = Criteria(*[0.0] * 9)
SEEDS = range(20)

Adder = Callable[[Canvas, np.random.Generator, Lesion, Criteria, Tissue], None]


def bodies(criteria: Criteria, size: int = 64) -> list[tuple[Canvas, Lesion, Tissue]]:
    """Twenty lesions with nothing but their body of pigment."""
    drawn = []
    for seed in SEEDS:
        rng, canvas = np.random.default_rng(seed), Canvas(size)
        lesion, tissue = draw_outline(canvas, rng, criteria), Tissue.bare(size)
        add_body(canvas, rng, lesion, criteria, tissue)
        drawn.append((canvas, lesion, tissue))
    return drawn


def change(add: Adder, criterion: str, pigment: str) -> list[tuple[Lesion, Field]]:
    """What a strong criterion adds to a pigment of each of the twenty lesions; nothing when it is absent."""
    changes = []
    for seed, (canvas, lesion, tissue) in zip(SEEDS, bodies(ABSENT), strict=True):
        lesion = replace(lesion, pattern="homogeneous")
        before = getattr(tissue, pigment).copy()
        add(canvas, np.random.default_rng(seed), lesion, replace(ABSENT, **{criterion: 1.0}), tissue)
        changes.append((lesion, getattr(tissue, pigment) - before))
    return changes


@pytest.mark.parametrize(
    ("add", "criterion", "pigment", "sign"),
    [
        (add_network, "network", "black", 1),
        (add_globules, "globules", "black", 1),
        (add_streaks, "streaks", "black", 1),
        (add_blotches, "blotch", "black", 1),
        (add_veil, "veil", "blue", 1),
        (add_veil, "veil", "brown", -1),
        (add_regression, "regression", "scar", 1),
        (add_regression, "regression", "brown", -1),
        (add_vessels, "vessels", "blood", 1),
    ],
)
def test_a_criterion_shows_in_its_own_colour_within_the_lesion(
    add: Adder, criterion: str, pigment: str, sign: int
) -> None:
    for lesion, added in change(add, criterion, pigment):
        assert np.sum(sign * added) > 0.5
        assert not added[lesion.depth < -0.4].any()


@pytest.mark.parametrize(
    "add", [add_network, add_globules, add_streaks, add_veil, add_regression, add_vessels]
)
def test_a_homogeneous_nevus_without_criteria_shows_no_structure(add: Adder) -> None:
    for canvas, lesion, tissue in bodies(ABSENT):
        before = tissue.colour()
        add(canvas, np.random.default_rng(0), replace(lesion, pattern="homogeneous"), ABSENT, tissue)
        np.testing.assert_array_equal(tissue.colour(), before)


@pytest.mark.parametrize(
    ("add", "pattern"), [(add_network, "reticular"), (add_globules, "globular"), (add_streaks, "starburst")]
)
def test_a_nevus_shows_its_benign_pattern(add: Adder, pattern: Pattern) -> None:
    for canvas, lesion, tissue in bodies(ABSENT):
        before = tissue.brown.copy()
        add(canvas, np.random.default_rng(0), replace(lesion, pattern=pattern), ABSENT, tissue)
        assert np.abs(tissue.brown - before).max() > 0.1


def test_streaks_lie_at_the_edge() -> None:
    for lesion, added in change(add_streaks, "streaks", "black"):
        assert not added[lesion.depth > 0.5].any()


def test_all_benign_patterns_occur() -> None:
    drawn = {draw_outline(Canvas(8), np.random.default_rng(seed), ABSENT).pattern for seed in range(100)}
    assert drawn == {"reticular", "globular", "homogeneous", "starburst"}


def mirror_difference(cover: Field) -> float:
    """Share of a lesion that falls outside itself after half a turn around its centre of mass."""
    rows, columns = np.nonzero(cover > 0.5)
    turned = set(zip((2 * rows.mean() - rows).round(), (2 * columns.mean() - columns).round(), strict=True))
    return 1.0 - len(turned & set(zip(rows, columns, strict=True))) / len(rows)


def test_asymmetry_makes_the_outline_lopsided() -> None:
    even, lopsided = (
        np.mean([mirror_difference(lesion.cover) for _, lesion, _ in bodies(criteria)])
        for criteria in (ABSENT, replace(ABSENT, asymmetry=1.0))
    )
    assert lopsided > even + 0.1


def test_border_makes_pigment_end_abruptly() -> None:
    soft, abrupt = (
        np.mean([np.mean((lesion.cover > 0.1) & (lesion.cover < 0.9)) for _, lesion, _ in bodies(criteria)])
        for criteria in (ABSENT, replace(ABSENT, border=1.0))
    )
    assert abrupt < 0.6 * soft


def test_pigments_darken_in_their_own_colours() -> None:
    def seen(**amounts: float) -> list[float]:
        tissue = Tissue.bare(1)
        for pigment, amount in amounts.items():
            getattr(tissue, pigment)[:] = amount
        return [float(value) for value in tissue.colour().ravel()]

    skin, brown, black, blue, red, scar = (
        seen(),
        seen(brown=1.0),
        seen(brown=1.0, black=1.5),
        seen(blue=1.0),
        seen(blood=1.0),
        seen(scar=1.0),
    )
    assert brown[0] > brown[1] > brown[2]
    assert max(black) < 0.2
    assert blue[2] > blue[0]
    assert red[0] > 2 * red[1]
    assert min(scar) > 0.9
    assert all(
        each <= bare
        for pigment in (brown, black, blue, red)
        for each, bare in zip(pigment, skin, strict=True)
    )


def test_pixels_are_rounded_and_clipped() -> None:
    rgb = np.array([[[-1.0, 0.1]], [[0.5, 1.0]], [[0.999, 7.0]]], np.float32)
    np.testing.assert_array_equal(drawn_pixels(rgb), [[[0, 128, 255], [26, 255, 255]]])
