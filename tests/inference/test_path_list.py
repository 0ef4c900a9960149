"""A Parquet file that lists photographs."""

from pathlib import Path
from typing import Any

import pytest

from dermdistill.errors import UserError
from dermdistill.inference import path_list
from dermdistill.inference.inputs import Inputs

pa = pytest.importorskip("pyarrow", reason="the extra storage is not installed")
pq = pytest.importorskip("pyarrow.parquet")


def written(file: Path, **columns: list[Any]) -> str:
    pq.write_table(pa.table(columns), file)
    return str(file)


@pytest.mark.parametrize("name", ["path", "url", "image_path"])
def test_paths_are_given_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """In their order, twice where they are twice, more than one batch of them."""
    monkeypatch.setattr(path_list, "_ROWS", 2)
    paths = ["b.jpg", "s3://bucket/a.jpg", "b.jpg", "ä.jpg", "/e/f"]
    inputs = Inputs((written(tmp_path / "list.parquet", label=[1] * 5, **{name: paths}),))
    assert list(inputs) == paths
    assert inputs.count() == 5


def test_an_inventory_of_s3(tmp_path: Path) -> None:
    path = written(tmp_path / "inventory.parquet", bucket=["b", "b"], key=["x/1.jpg", "2.jpg"], size=[1, 2])
    assert list(Inputs((path,))) == ["s3://b/x/1.jpg", "s3://b/2.jpg"]


def test_a_list_in_a_storage(tmp_path: Path, memory: Any) -> None:
    memory.pipe_file("/b/list.parquet", Path(written(tmp_path / "l.parquet", path=["a"])).read_bytes())
    assert list(Inputs(("memory://b/list.parquet",))) == ["a"]


def test_what_is_no_list_is_one_line(tmp_path: Path) -> None:
    wrong = written(tmp_path / "wrong.parquet", label=["a"], **{"two\nlines": ["b"]})
    with pytest.raises(
        UserError, match=r"expected a column of paths, named 'path'; it has label, two\\nlines$"
    ):
        list(Inputs((wrong,)))
    for cell in (None, "", 3):
        cells: list[Any] = ["a", cell] if cell != 3 else [3, 4]
        empty = written(tmp_path / "empty.parquet", path=cells)
        with pytest.raises(UserError, match=r"empty\.parquet: row [12]: expected text in path"):
            list(Inputs((empty,)))
    (tmp_path / "text.parquet").write_text("path\na.jpg\n")
    for name in ("text.parquet", "nowhere.parquet"):
        with pytest.raises(UserError, match="not a Parquet file that can be read") as error:
            list(Inputs((str(tmp_path / name),)))
        assert "\n" not in str(error.value)
