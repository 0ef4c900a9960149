"""Labels that only say yes or no, in an evaluation and in a training."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dermdistill.data.class_names import parse_reading
from dermdistill.data.sources import read_sources
from dermdistill.errors import UserError
from dermdistill.reading import AS_FOUND, Reading

EVALUATION = Reading(for_evaluation=True)


@pytest.fixture
def data(tmp_path: Path, picture: Callable[..., Path]) -> Callable[..., Path]:
    """Write a table with one row for each label, and the photographs."""

    def write(labels: Sequence[str], column: str = "label") -> Path:
        lines = [f"filename,{column}", *(f"{i}.jpg,{label}" for i, label in enumerate(labels))]
        (tmp_path / "labels.csv").write_text("\n".join([*lines, ""]))
        for i in range(len(labels)):
            picture(tmp_path / f"{i}.jpg", red=10 * i)
        return tmp_path

    return write


def melanomas(path: Path, reading: Reading = EVALUATION) -> list[bool]:
    return [record.is_melanoma for record in read_sources([path], reading).records]


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        *(("1", "0"), ("1.0", "0.0"), ("yes", "no"), ("Y", "N"), ("True", "False"), ("positive", "negative")),
        *(("Malignant", "Benign"), ("melanoma", "nevus"), ("MEL", "NV"), ("Melanoma", "benign")),
        *(("melanoma", "no melanoma"), ("melanoma", "not melanoma"), ("melanoma", "non-melanoma")),
        ("melanoma", "other"),
    ],
)
def test_an_evaluation_understands_two_values(yes: str, no: str, data: Callable[..., Path]) -> None:
    assert melanomas(data([yes, no, no])) == [True, False, False]


@pytest.mark.parametrize(
    "column", ["label", "target", "diagnosis", "outcome", "malignant", "melanoma", "is_melanoma"]
)
@pytest.mark.parametrize(("yes", "no"), [("1", "0"), ("yes", "no")])
def test_in_every_column_that_can_hold_labels(
    column: str, yes: str, no: str, data: Callable[..., Path]
) -> None:
    assert melanomas(data([no, yes, no], column)) == [False, True, False]


def test_what_was_taken_for_melanoma_is_noted(data: Callable[..., Path]) -> None:
    notes = read_sources([data(["1", "0", "0"])], EVALUATION).notes
    assert notes[0] == (
        "labels.csv: column label has 1 (1 image) for melanoma and 0 (2 images) for not melanoma; if not, "
        "say --positive NAME"
    )


@pytest.mark.parametrize("labels", [("1", "0"), ("yes", "no"), ("malignant", "benign")])
def test_a_training_still_asks(labels: Sequence[str], data: Callable[..., Path]) -> None:
    with pytest.raises(UserError, match=r"--label|--positive"):
        read_sources([data(labels)], AS_FOUND)


def test_the_users_word_comes_first(data: Callable[..., Path]) -> None:
    path = data(["1", "0", "0"])
    reading = Reading(positive=("0",), for_evaluation=True)
    assert melanomas(path, reading) == [False, True, True]


@pytest.mark.parametrize("labels", [("1", "0", "2"), ("yes", "no", "maybe")])
def test_a_third_value_stops(labels: Sequence[str], data: Callable[..., Path]) -> None:
    with pytest.raises(UserError, match="not understood as a diagnosis"):
        read_sources([data(labels)], EVALUATION)


def test_undecided_images_are_left_out(data: Callable[..., Path]) -> None:
    assert melanomas(data(["malignant", "benign", "unclear"])) == [True, False]


@pytest.mark.parametrize(
    ("labels", "expected"), [(("nevus",) * 3, False), (("0",) * 3, False), (("1",) * 3, True)]
)
def test_one_class_alone_can_be_evaluated(
    labels: Sequence[str], expected: bool, data: Callable[..., Path]
) -> None:
    assert melanomas(data(labels)) == [expected] * 3


def test_probabilities_of_a_model_are_no_labels(data: Callable[..., Path]) -> None:
    with pytest.raises(
        UserError, match=r"MELANOMA is '0.83'; expected 0 or 1: the ground truth, not predictions"
    ):
        read_sources([data(["0.83", "0.1"], "melanoma")], EVALUATION)


def test_misspelled_columns_are_named_with_the_option(data: Callable[..., Path]) -> None:
    path = data(["1", "0"], "lable")
    table = path / "labels.csv"
    table.write_text(table.read_text().replace("filename", "filenam"))
    with pytest.raises(UserError) as caught:
        read_sources([path], EVALUATION)
    assert "no column for the image or the diagnosis among filenam, lable; say --image-column filenam" in str(
        caught.value
    )
    assert "--label-column lable" in str(caught.value)
    with pytest.raises(
        UserError, match=r"no column for the image or the diagnosis; it has filenam, lable; say"
    ):
        read_sources([table], EVALUATION)


def test_the_nearest_to_a_misspelled_option_is_named(data: Callable[..., Path]) -> None:
    path = data(["1", "0"])
    reading = parse_reading([], [], ["filname", None, None, None])
    with pytest.raises(
        UserError,
        match=r"--image-column filname: no such column .*; it has filename, label; the nearest is filename",
    ):
        read_sources([path], reading)
