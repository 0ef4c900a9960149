"""Which columns say what, whose word counts, and where the images are looked for."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from dermdistill.data.class_names import parse_reading
from dermdistill.data.sources import read_sources
from dermdistill.errors import UserError
from dermdistill.reading import Reading

Picture = Callable[..., Path]


@pytest.fixture
def data(tmp_path: Path, picture: Picture) -> Callable[..., Path]:
    """Write ``labels.csv`` and images: ``data([line, ...], "a.jpg", "x/b.png")``."""

    def write(lines: Sequence[str], *images: str) -> Path:
        (tmp_path / "labels.csv").write_text("\n".join([*lines, ""]))
        for number, image in enumerate(images):
            picture(tmp_path / image, red=10 * number)
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("image", "label"),
    [
        *(
            (name, "label")
            for name in ("img_id", "filename", "File Name", "image_path", "path", "file", "isic_id")
        ),
        *(("image", name) for name in ("class", "diagnostic", "disease", "dx", "Class Name", "category")),
    ],
)
def test_common_names(image: str, label: str, data: Callable[..., Path]) -> None:
    root = data([f"{image},{label}", "a.jpg,melanoma", "b.jpg,nevus"], "x/a.jpg", "x/b.jpg")
    assert [record.diagnosis for record in read_sources([root]).records] == ["melanoma", "nevus"]


def test_the_users_columns_come_before_all_others(data: Callable[..., Path]) -> None:
    lines = [
        "image,diagnosis,lesion_id,file,final,mole,who",
        "1,nevus,L1,a.jpg,melanoma,M1,P1",
        "2,nevus,L2,b.jpg,nevus,M2,P2",
    ]
    reading = Reading(image_column="file", label_column="Final", lesion_column="mole", patient_column="WHO")
    first = read_sources([data(lines, "a.jpg", "b.jpg")], reading).records[0]
    assert (first.image_id, first.diagnosis, first.lesion_id, first.patient_id) == (
        "a",
        "melanoma",
        "M1",
        "P1",
    )


def test_one_of_the_columns_of_diagnoses(data: Callable[..., Path]) -> None:
    lines = ["image,MEL,NV,BCC,final", "a,1,0,0,nevus", "b,0,1,0,melanoma"]
    root = data(lines, "a.jpg", "b.jpg")
    assert [r.is_melanoma for r in read_sources([root]).records] == [True, False]
    assert [r.is_melanoma for r in read_sources([root], Reading(label_column="final")).records] == [
        False,
        True,
    ]
    of_mel = read_sources([root], Reading(label_column="mel")).records
    assert [r.diagnosis for r in of_mel] == ["melanoma", "not melanoma"]


@pytest.mark.parametrize("option", ["image_column", "label_column", "lesion_column", "patient_column"])
def test_a_column_that_no_table_has(option: str, data: Callable[..., Path], tmp_path: Path) -> None:
    reading = parse_reading([], [], [name if name == "nope" else None for name in _only(option)])
    shown = f"--{option.replace('_', '-')} nope: no such column in"
    with pytest.raises(UserError, match=rf"{shown} .*; it has diagnosis, image$"):
        read_sources([data(["image,diagnosis", "a,melanoma", "b,nevus"], "a.jpg", "b.jpg")], reading)


def _only(option: str) -> list[str]:
    return [
        "nope" if name == option else ""
        for name in ("image_column", "label_column", "lesion_column", "patient_column")
    ]


def test_columns_are_of_tables_only(tmp_path: Path, picture: Picture) -> None:
    picture(tmp_path / "melanoma" / "a.jpg", red=1)
    picture(tmp_path / "nevus" / "b.jpg", red=2)
    with pytest.raises(
        UserError, match=r"--label-column x: no such column in .*; it has no columns, as there is"
    ):
        read_sources([tmp_path], Reading(label_column="x"))


def test_one_column_for_two_things() -> None:
    with pytest.raises(
        UserError, match="--lesion-column id and --patient-column id: one column cannot be both"
    ):
        parse_reading([], [], (None, None, "id", "id"))


def test_a_path_beats_a_name(data: Callable[..., Path]) -> None:
    lines = ["image_id,path,diagnosis", "1,here/a.jpg,melanoma", "2,there/a.jpg,nevus"]
    root = data(lines, "here/a.jpg", "there/a.jpg", "else/1.jpg")
    records = read_sources([root]).records
    assert [(r.image_id, Path(r.image.name)) for r in records] == [
        ("1", root / "here" / "a.jpg"),
        ("2", root / "there" / "a.jpg"),
    ]


def test_a_path_goes_from_the_tables_folder(
    data: Callable[..., Path], tmp_path: Path, picture: Picture
) -> None:
    root = data([], "photos/a.jpg", "photos/b.jpg")
    (root / "labels.csv").unlink()
    (root / "tables").mkdir()
    table = root / "tables" / "mine.csv"
    table.write_text("path,diagnosis\n../photos/a.jpg,melanoma\n../photos/b.jpg,nevus\n")
    assert [record.image_id for record in read_sources([table]).records] == ["a", "b"]


def test_a_file_of_another_folder_is_not_taken_for_it(data: Callable[..., Path]) -> None:
    lines = ["path,diagnosis", "here/a.jpg,melanoma", "there/a.jpg,nevus"]
    with pytest.raises(UserError, match=r"line 3: no image file there/a\.jpg in"):
        read_sources([data(lines, "here/a.jpg")])


def test_the_ending_in_a_table_is_kept_to(data: Callable[..., Path]) -> None:
    root = data(["image,diagnosis", "a.png,melanoma", "b,nevus"], "x/a.jpg", "x/a.png", "x/b.jpg")
    assert Path(read_sources([root]).records[0].image.name).name == "a.png"


def test_ids_with_and_without_endings_in_nested_folders(data: Callable[..., Path]) -> None:
    lines = ["image,diagnosis", "a,melanoma", "b.JPG,nevus", "c.1,nevus"]
    root = data(lines, "x/y/a.jpg", "z/b.JPG", "c.1.png")
    assert [record.image_id for record in read_sources([root]).records] == ["a", "b", "c.1"]


def test_all_missing_files_are_named(data: Callable[..., Path]) -> None:
    lines = ["image,diagnosis", "a.jpg,melanoma", "b,nevus", "c.png,nevus"]
    with pytest.raises(
        UserError, match=r"line 3: no image file b\.jpg \(or another ending\) .* 1 more of the 3"
    ):
        read_sources([data(lines, "a.jpg")])


@pytest.mark.parametrize(
    ("lines", "options"),
    [
        (["image,label,class", "a,0,3", "b,1,4"], "label class"),
        (["image,diagnosis,label", "a,melanoma,nevus", "b,nevus,nevus"], "diagnosis label"),
        (["image,dx,melanoma", "a,melanoma,0", "b,nevus,1"], "dx melanoma"),
        (["image,label,diagnosis", "a,1,melanoma", "b,1,nevus"], "diagnosis label"),
    ],
)
def test_two_columns_that_do_not_agree(lines: list[str], options: str, data: Callable[..., Path]) -> None:
    one, other = options.split()
    root = data(lines, "a.jpg", "b.jpg")
    with pytest.raises(UserError, match=f"say --label-column {one} or --label-column {other}$"):
        read_sources([root])


@pytest.mark.parametrize(
    "lines",
    [
        ["image,label,diagnosis", "a,4,melanoma", "b,5,nevus"],
        ["image,label,diagnosis", "a,mel,Melanoma", "b,nv,nevus"],
        ["image,diagnosis,melanoma", "a,melanoma,1", "b,nevus,0"],
        ["image,diagnosis,class", "a,melanoma,malignant", "b,nevus,benign"],
        ["image,diagnosis,class", "a,,melanoma", "b,nevus,"],
    ],
)
def test_two_columns_that_agree(lines: list[str], data: Callable[..., Path]) -> None:
    root = data(lines, "a.jpg", "b.jpg")
    assert [record.diagnosis for record in read_sources([root]).records] == ["melanoma", "nevus"]


def test_a_column_split_that_is_none(data: Callable[..., Path]) -> None:
    lines = ["image,diagnosis,split", "a,melanoma,fold 1", "b,nevus,train"]
    found = read_sources([data(lines, "a.jpg", "b.jpg")])
    assert [record.split for record in found.records] == [None, None]
    assert found.notes[0] == "labels.csv: column split is not used: 'fold 1' is not train, val or test"


def test_derm7pt_indexes_beyond_the_table(tmp_path: Path, picture: Picture) -> None:
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "meta.csv").write_text("case_num,diagnosis,clinic,derm\n1,melanoma,a.jpg,b.jpg\n")
    (tmp_path / "meta" / "train_indexes.csv").write_text("indexes\n1\n")
    picture(tmp_path / "images" / "b.jpg")
    with pytest.raises(UserError, match=r"train_indexes\.csv, line 2: '1' is not a row of meta\.csv"):
        read_sources([tmp_path])


def test_the_users_columns_are_recorded_and_older_records_have_none() -> None:
    manifests = TypeAdapter(Reading)
    given = Reading({"a": "nevus"}, ("b",), image_column="slide", patient_column="who")
    assert manifests.validate_json(manifests.dump_json(given)) == given
    assert manifests.validate_python({"labels": {}, "positive": ["1"]}) == Reading(positive=("1",))
