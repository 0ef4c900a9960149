import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from dermdistill.errors import UserError
from dermdistill.evaluation.results import Estimate, OperatingPoint
from dermdistill.json_files import read_json, write_json, write_json_list

ESTIMATE = Estimate(value=0.1 + 0.2, low=1 / 3, high=None, reason="µ")


def test_json_round_trip_keeps_every_bit(tmp_path: Path) -> None:
    path = tmp_path / "new" / "estimate.json"

    write_json(path, ESTIMATE)

    assert read_json(path, Estimate) == ESTIMATE
    assert json.loads(path.read_bytes())["high"] is None
    assert [file.name for file in path.parent.iterdir()] == ["estimate.json"]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_lists_round_trip(tmp_path: Path, count: int) -> None:
    path = tmp_path / "estimates.json"

    write_json_list(path, [ESTIMATE] * count)

    assert read_json(path, list[Estimate]) == [ESTIMATE] * count


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_no_result(value: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        Estimate(value=value)


def test_results_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        ESTIMATE.value = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "damaged"),
        ('{"value": 0.5, "low', "damaged"),
        ('{"value": NaN}', "damaged"),
        ('{"value": "high"}', "value: Input should be a valid number"),
        ('{"value": 0.5, "median": 0.5}', "median: Extra inputs are not permitted"),
        ("[]", "damaged"),
        ("\x00\xff", "damaged"),
    ],
)
def test_damaged_files_cost_one_line(tmp_path: Path, content: str, found: str) -> None:
    path = tmp_path / "metrics.json"
    path.write_bytes(content.encode("latin-1"))

    with pytest.raises(UserError) as error:
        read_json(path, Estimate)

    message = str(error.value)
    assert message.startswith(f"{path}: damaged (")
    assert found in message
    assert "run the command that made it again" in message
    assert "\n" not in message


def test_missing_files_and_folders_cost_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"metrics\.json: no such file"):
        read_json(tmp_path / "metrics.json", OperatingPoint)
    with pytest.raises(UserError, match=r"cannot read \(Is a directory\)"):
        read_json(tmp_path, OperatingPoint)


def test_failed_writing_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(UserError, match="cannot write"):
        write_json(tmp_path / "file" / "metrics.json", ESTIMATE)

    assert (tmp_path / "file").read_text() == "not a folder"
