import math

import numpy as np
import pytest

from dermdistill.data.synthetic.canvas import Canvas, smoothstep


@pytest.mark.parametrize("size", [32, 300])
def test_a_quarter_turn_of_the_camera_turns_the_noise(size: int) -> None:
    upright = Canvas(size).noise(np.random.default_rng(0), 0.8, 0.2)
    turned = Canvas(size, rotation=math.pi / 2).noise(np.random.default_rng(0), 0.8, 0.2)
    np.testing.assert_allclose(turned, np.rot90(upright), atol=1e-3)


def test_shift_and_zoom_move_the_noise_with_the_lesion() -> None:
    plain, moved = Canvas(64), Canvas(64, zoom=2.0, shift=(0.25, 0.0))
    field, seen = (canvas.noise(np.random.default_rng(0), 2.0, 1.0) for canvas in (plain, moved))
    row, column = 40, 50
    at = np.argmin((plain.u - moved.u[row, column]) ** 2 + (plain.v - moved.v[row, column]) ** 2)
    assert seen[row, column] == pytest.approx(field.flat[at], abs=0.1)


def test_noise_has_mean_0_and_variance_1() -> None:
    rng = np.random.default_rng(0)
    values = np.stack([Canvas(48).noise(rng, 0.8, 0.2) for _ in range(100)])
    assert values.dtype == np.float32
    assert values.mean() == pytest.approx(0.0, abs=0.02)
    assert values.var() == pytest.approx(1.0, abs=0.02)


def test_waves_shorter_than_two_pixels_are_left_out() -> None:
    assert not Canvas(32).noise(np.random.default_rng(0), 0.06, 0.03).any()


def test_a_stamp_lies_where_its_lesion_coordinates_are() -> None:
    canvas = Canvas(101, rotation=0.7, zoom=1.2, shift=(0.1, -0.2))
    cover = canvas.stamp(np.array([[0.3, -0.1]]), np.array([0.1]))
    inside = cover > 0.5
    assert canvas.u[inside].mean() == pytest.approx(0.3, abs=0.005)
    assert canvas.v[inside].mean() == pytest.approx(-0.1, abs=0.005)
    assert cover.sum() == pytest.approx(math.pi * (0.1 * canvas.pixels_per_unit) ** 2, rel=0.05)
    assert cover.min() == 0.0
    assert cover.max() == 1.0


def test_a_thin_stamp_is_faint_and_one_outside_leaves_nothing() -> None:
    thin = Canvas(64).stamp(np.array([[0.0, 0.0]]), np.array([0.25 / 32]))
    assert 0.0 < thin.max() < 0.51
    assert not Canvas(64).stamp(np.array([[3.0, 0.0]]), np.array([0.1])).any()
    assert not Canvas(64).stamp(np.empty((0, 2)), np.empty(0)).any()


def test_smoothstep_rises_between_its_bounds() -> None:
    value = np.array([-1.0, 0.0, 0.25, 0.5, 1.0, 2.0], np.float32)
    np.testing.assert_allclose(smoothstep(value, 0.0, 1.0), [0.0, 0.0, 0.15625, 0.5, 1.0, 1.0])
    np.testing.assert_allclose(smoothstep(value, 1.0, 0.0), [1.0, 1.0, 0.84375, 0.5, 0.0, 0.0])
