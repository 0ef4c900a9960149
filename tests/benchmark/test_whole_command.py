from pathlib import Path

import pytest

from dermdistill.benchmark.measurements import DiskTime
from dermdistill.benchmark.whole_command import disk_time, time_for, why_unknown
from dermdistill.json_files import read_json, write_json


def measured(images: int, *turns: tuple[float, float]) -> DiskTime:
    return disk_time("dsnet@224", "ONNX Runtime", images, turns)


def test_medians_of_the_turns_stand_for_the_command() -> None:
    disk = measured(100, (1.0, 3.0), (1.2, 2.9), (0.9, 5.0))

    assert (disk.seconds, disk.start_seconds) == (3.0, 1.0)
    assert disk.images_per_second == pytest.approx(100 / 3)
    assert disk.rises == pytest.approx((2.0, 1.7, 4.1))


def test_a_measured_time_is_never_replaced_by_a_line() -> None:
    found = time_for(3000, measured(3000, (1.0, 31.0)))

    assert found is not None
    assert (found.seconds, found.low, found.high, found.how) == (31.0, None, None, None)


def test_a_line_through_two_times_is_worked_out_by_hand() -> None:
    """From 1 to 101 images 2.0 s more (1.9 and 2.1 in the other turns), so 60 s more for 3,001."""
    found = time_for(3001, measured(101, (1.0, 3.0), (1.0, 2.9), (1.0, 3.1)))

    assert found is not None
    assert found.seconds == pytest.approx(61)
    assert (found.low, found.high) == pytest.approx((58, 64))
    assert found.how == "extrapolated from 101"


def test_fewer_images_than_measured_are_interpolated() -> None:
    found = time_for(3000, measured(5000, (1.0, 51.0), (1.0, 51.0), (1.0, 51.0)))

    assert found is not None
    assert found.how == "interpolated from 5,000"
    assert found.seconds == pytest.approx(1 + 50 * 2999 / 4999)


@pytest.mark.parametrize(
    "turns",
    [
        [(0.4, 0.4), (0.4, 0.4), (0.4, 0.4)],
        [(0.40, 0.42), (0.44, 0.41), (0.39, 0.43)],
        [(0.5, 0.4), (0.5, 0.4), (0.5, 0.4)],
        [(0.4, 0.5), (0.4, 0.6), (0.4, 0.7)],
    ],
)
def test_a_rise_within_its_noise_gives_no_figure(turns: list[tuple[float, float]]) -> None:
    disk = measured(20, *turns)

    assert time_for(3000, disk) is None
    assert why_unknown(disk) == "the time of more images is within the noise"
    assert time_for(20, disk) is not None


@pytest.mark.parametrize("turns", [1, 2])
def test_too_few_turns_give_no_figure(turns: int) -> None:
    disk = measured(1000, *[(1.0, 9.0)] * turns)

    assert time_for(3000, disk) is None
    assert why_unknown(disk) == "measured in fewer than 3 turns"


def test_files_of_earlier_versions_are_read_without_their_extrapolated_figure(tmp_path: Path) -> None:
    path = tmp_path / "disk.json"
    write_json(path, measured(20, (0.4, 0.4)))
    text = path.read_text()
    path.write_text(text.replace("{", '{"seconds_for_3000": 0.4,', 1))

    disk = read_json(path, DiskTime)

    assert disk == measured(20, (0.4, 0.4))
    assert time_for(3000, disk) is None
