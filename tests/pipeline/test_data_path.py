import os
from pathlib import Path

import pytest

from dermdistill.errors import UserError
from dermdistill.pipeline.data_path import found_again, remembered


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work" / "runs" / "one").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "work")


def test_a_path_is_remembered_for_every_working_directory(tmp_path: Path) -> None:
    assert remembered("images") == str(tmp_path / "work" / "images")
    assert remembered("/data/images") == "/data/images"


@pytest.mark.parametrize("where", ["work", "elsewhere", "work/runs/one"])
def test_an_older_run_finds_a_relative_path(where: str, tmp_path: Path) -> None:
    (tmp_path / "work" / "images").mkdir()
    os.chdir(tmp_path / where)
    run = tmp_path / "work" / "runs" / "one"
    for folder in (run, Path(os.path.relpath(run))):
        assert Path(found_again("images", folder)).samefile(tmp_path / "work" / "images")


def test_the_working_directory_comes_first(tmp_path: Path) -> None:
    for folder in ("work", "work/runs"):
        (tmp_path / folder / "images").mkdir()
    assert Path(found_again("images", Path("runs/one"))).samefile(tmp_path / "work" / "images")


@pytest.mark.parametrize("data", ["images", "/nowhere/images"])
def test_images_that_are_gone(data: str) -> None:
    with pytest.raises(UserError, match=rf"^{data}: the images of runs/one were here and are gone; .*--data"):
        found_again(data, Path("runs/one"))
