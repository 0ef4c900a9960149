import csv
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from dermdistill.errors import UserError
from dermdistill.evaluation.predictions import (
    Predictions,
    aligned,
    read_predictions,
    tabulate,
    write_predictions,
)
from dermdistill.records import Pixels, Record

BINARY = Predictions(
    image_id=("a", "b", "c"),
    lesion_id=("l1", "l1", "l2"),
    split=("val", "test", "test"),
    diagnosis=("melanoma", "melanoma", "nevus"),
    probability=np.array([0.1 + 0.2, 1.0, 1e-17]),
)
DIAGNOSES = replace(
    BINARY,
    classes=("nevus", "melanoma", "basal cell carcinoma"),
    class_probabilities=np.array([[0.1, 0.3, 0.6], [0.0, 1.0, 0.0], [1 / 3, 1 / 3, 1 / 3]]),
)
SEEN = replace(DIAGNOSES, seen=("image id", "", "perceptual hash"))
OF_TWO_SOURCES = replace(DIAGNOSES, source=("one", "two", "one"))
DETAILED = replace(
    SEEN,
    details={
        "age": ("55", "", "0.5"),
        "sex": ("male", "", ""),
        "site": ("back", "", ""),
        "skin_type": ("IV", "", "12"),
    },
)
HEADER = "image_id,lesion_id,split,diagnosis,probability\n"


@dataclass(frozen=True)
class NoImage:
    name: str = "none"

    def digest(self) -> str:
        return ""

    def decode(self) -> Pixels:
        raise NotImplementedError


def records(*diagnoses: str) -> list[Record]:
    return [Record(f"image{i}", NoImage(), f"lesion{i}", name) for i, name in enumerate(diagnoses)]


def same(one: Predictions, other: Predictions) -> bool:
    names = ("image_id", "lesion_id", "split", "diagnosis", "classes", "seen", "source", "details")
    return (
        all(getattr(one, name) == getattr(other, name) for name in names)
        and np.array_equal(one.probability, other.probability)
        and np.array_equal(np.array(one.class_probabilities), np.array(other.class_probabilities))
    )


FORMULAS = replace(
    BINARY,
    image_id=("=1+1", "@A1", "'=1"),
    lesion_id=("+l", "+l", "\tl"),
    diagnosis=("nevus", "-", "\uff1d1"),
)


def test_no_text_of_a_stranger_is_a_formula_in_a_spreadsheet(tmp_path: Path) -> None:
    write_predictions(tmp_path / "p.csv", FORMULAS)
    with (tmp_path / "p.csv").open(newline="", encoding="utf-8") as handle:
        cells = [cell for row in csv.reader(handle) for cell in row]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\uff1d")]
    assert {"'=1+1", "'@A1", "'+l", "'-"} <= set(cells)


@pytest.mark.parametrize(
    "predictions",
    [
        *(FORMULAS, BINARY, DIAGNOSES, SEEN, OF_TWO_SOURCES, DETAILED, DETAILED.of_split("test")),
        *(SEEN.of_split("test"), BINARY.of_split("none"), DIAGNOSES.of_split("none")),
    ],
)
def test_a_table_round_trips_bit_for_bit(tmp_path: Path, predictions: Predictions) -> None:
    path = tmp_path / "model" / "predictions.csv"

    write_predictions(path, predictions)

    assert same(read_predictions(path), predictions)
    assert [file.name for file in path.parent.iterdir()] == ["predictions.csv"]


def test_awkward_names_survive(tmp_path: Path) -> None:
    path = tmp_path / "predictions.csv"
    awkward = replace(BINARY, image_id=('a "b", c', "ü\nx", " d "))

    write_predictions(path, awkward)

    assert same(read_predictions(path), awkward)


def test_a_table_that_a_spreadsheet_saved_is_read(tmp_path: Path) -> None:
    path = tmp_path / "predictions.csv"
    write_predictions(path, BINARY)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))

    assert same(read_predictions(path), BINARY)


def test_label_split_and_rows() -> None:
    test = DIAGNOSES.of_split("test")

    assert DIAGNOSES.label.tolist() == [True, True, False]
    assert test.image_id == ("b", "c")
    assert same(DIAGNOSES.take([1, 2]), test)
    assert len(DIAGNOSES.of_split("train")) == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "column 'image_id' is missing; expected image_id, lesion_id"),
        ("image_id,lesion_id,split,diagnosis\n", "column 'probability' is missing"),
        (HEADER + "a,l,test,nevus\n", "line 2: 4 fields; expected 5"),
        (HEADER + "a,l,test,nevus,0.5\nb,l,test,nevus,0.5,0.5\n", "line 3: 6 fields; expected 5"),
        (HEADER + "a,l,test,nevus,1.5\n", "line 2: probability is '1.5'; expected a number from 0 to 1"),
        (HEADER + "a,l,test,nevus,nan\n", "line 2: probability is 'nan'"),
        (HEADER + "a,l,test,nevus,\n", "line 2: probability is ''"),
        (HEADER + "a,,test,nevus,0.5\n", "line 2: lesion_id is empty"),
        (HEADER + "a,l,test,Melanoma,0.5\n", "line 2: diagnosis is 'Melanoma'; expected 'melanoma'"),
        (
            HEADER + "a,l,test,nevus,0.5\nb,l,test,nevus,0.5\na,l,val,nevus,0.5\n",
            "line 4: image a is on line 2 already",
        ),
        (HEADER + 'a,l,test,nevus,"0.5\n', "not a CSV table in UTF-8"),
        (HEADER + "\xff,l,test,nevus,0.5\n", "not a CSV table in UTF-8"),
        (HEADER[:-1] + ",p_nevus\na,l,test,nevus,0.5,-1\n", "line 2: p_nevus is '-1'"),
    ],
)
def test_bad_tables_cost_one_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "predictions.csv"
    path.write_bytes(content.encode("latin-1"))

    with pytest.raises(UserError) as error:
        read_predictions(path)

    assert str(error.value).startswith(str(path))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_tables_cost_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"predictions\.csv: no such predictions table; evaluate"):
        read_predictions(tmp_path / "predictions.csv")
    with pytest.raises(UserError, match=r"cannot read \(Is a directory\)"):
        read_predictions(tmp_path)


def test_failed_writing_leaves_the_old_table(tmp_path: Path) -> None:
    path = tmp_path / "predictions.csv"
    write_predictions(path, BINARY)
    before = path.read_bytes()

    with pytest.raises(IndexError):
        write_predictions(path, replace(BINARY, probability=np.array([0.5])))

    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["predictions.csv"]


def test_tabulate_takes_melanoma_from_the_classes() -> None:
    probabilities = np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]])
    classes = ("nevus", "melanoma", "keratosis")

    several = tabulate(records("nevus", "melanoma"), ("val", "test"), probabilities, classes)
    binary = tabulate(records("nevus"), ("val",), np.array([[0.7, 0.3]]), ("other", "melanoma"))

    assert several.probability.tolist() == [0.5, 0.1]
    assert several.classes == classes
    assert several.class_probabilities is not None
    assert several.class_probabilities.tolist() == probabilities.tolist()
    assert (several.image_id, several.lesion_id) == (("image0", "image1"), ("lesion0", "lesion1"))
    assert (several.split, several.label.tolist()) == (("val", "test"), [False, True])
    assert binary.probability.tolist() == [0.3]
    assert (binary.classes, binary.class_probabilities) == ((), None)


@pytest.mark.parametrize("wrong", [float("nan"), 1.1, -0.1])
def test_a_model_that_gives_no_probability_is_named_by_its_image(wrong: float) -> None:
    with pytest.raises(
        UserError, match=r"image image1: the model gives \[.*\]; expected probabilities from 0 to 1"
    ):
        tabulate(
            records("nevus", "nevus"),
            ("test", "test"),
            np.array([[0.5, 0.5], [0.5, wrong]]),
            ("other", "melanoma"),
        )


def test_aligned_tables_have_the_rows_of_the_first() -> None:
    first, second = aligned([("a", DIAGNOSES), ("b", DIAGNOSES.take([2, 0, 1]))])

    assert first is DIAGNOSES
    assert same(second, DIAGNOSES)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda table: table.take([0, 1]), "image c is missing from b"),
        (lambda table: replace(table, image_id=("a", "b", "d")), "image c is missing from b"),
        (
            lambda table: replace(table, lesion_id=("l1", "l9", "l2")),
            "image b has another lesion or label in b",
        ),
        (
            lambda table: replace(table, diagnosis=("melanoma",) * 3),
            "image c has another lesion or label in b",
        ),
    ],
)
def test_unlike_tables_are_not_aligned(change: Callable[[Predictions], Predictions], what: str) -> None:
    with pytest.raises(UserError) as error:
        aligned([("a", BINARY), ("b", change(BINARY))])

    assert str(error.value) == f"a and b cannot be compared: {what}; evaluate both on the same images"


def test_an_image_that_the_first_table_lacks_is_named() -> None:
    with pytest.raises(UserError, match="image c is missing from a"):
        aligned([("a", BINARY.take([0, 1])), ("b", BINARY)])


def test_the_rows_of_each_source(tmp_path: Path) -> None:
    parts = OF_TWO_SOURCES.by_source()
    assert {name: part.image_id for name, part in parts.items()} == {"one": ("a", "c"), "two": ("b",)}
    assert parts["one"].probability.tolist() == [0.1 + 0.2, 1e-17]
    # Tables of earlier versions have no sources.
    path = tmp_path / "predictions.csv"
    path.write_text(HEADER + "a,l1,val,melanoma,0.5\n")
    assert read_predictions(path).source == ("",)


def test_tabulated_records_keep_their_source() -> None:
    of_two = [
        replace(record, source=name) for record, name in zip(records("melanoma", "nevus"), "xy", strict=True)
    ]
    assert tabulate(of_two, ["test"] * 2, np.array([[0.5, 0.5]] * 2), ("other", "melanoma")).source == (
        "x",
        "y",
    )


def test_details_of_the_records_are_kept() -> None:
    known = replace(records("melanoma")[0], age=55.0, sex="male", site="back", skin_type="IV")
    table = tabulate(
        [known, *records("nevus")], ["test", "test"], np.full((2, 2), 0.5), ["melanoma", "other"]
    )
    assert table.details == {
        "age": ("55", ""),
        "sex": ("male", ""),
        "site": ("back", ""),
        "skin_type": ("IV", ""),
    }
