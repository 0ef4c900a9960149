from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from dermdistill.config import load_recipe, to_toml
from dermdistill.errors import UserError
from dermdistill.json_files import read_json
from dermdistill.pipeline.export import _Images
from dermdistill.pipeline.opening import _check_out, open_run
from dermdistill.pipeline.prepare import DataOptions, as_recorded
from dermdistill.reading import AS_FOUND, Reading
from dermdistill.runs import RunFolder, RunManifest


@pytest.mark.parametrize("name", ["models/teacher/model.json", ".recipe.toml.k1lled"])
def test_copied_models_and_what_a_kill_left_do_not_make_a_folder_another_ones(
    tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    _check_out(RunFolder(tmp_path), DataOptions(("synthetic",)))


@pytest.mark.parametrize(
    "content", [None, "", 'title = "cake"', "\x00", "data = 1\nteacher = 1\nstudent = 1"]
)
def test_a_folder_of_other_files_is_refused(tmp_path: Path, content: str | None) -> None:
    """Also one that holds a recipe of another kind."""
    (tmp_path / "thesis.tex").touch()
    if content is not None:
        (tmp_path / "recipe.toml").write_text(content)
    with pytest.raises(UserError, match="holds other files and is not a run"):
        _check_out(RunFolder(tmp_path), DataOptions(("synthetic",)))


def test_a_folder_with_a_recipe_of_the_users_own_is_no_run(tmp_path: Path) -> None:
    """The recipe and a split file beside it would be written over."""
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(f"# why we chose this\n{to_toml(load_recipe('demo', []))}")
    (tmp_path / "split.csv").write_text("image_id,split,remark\n")
    with pytest.raises(UserError, match="holds other files and is not a run"):
        _check_out(RunFolder(tmp_path), DataOptions(("synthetic",)))


def test_a_run_among_others_files_goes_on(tmp_path: Path) -> None:
    """Also after a kill before the manifest was written, and by another version with other recipes."""
    (tmp_path / "notes.txt").touch()
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(to_toml(load_recipe("demo", [])))
    _check_out(RunFolder(tmp_path), DataOptions(("synthetic",)))
    recipe.write_text("[data]\n[teacher]\n[student]\n")
    (tmp_path / "run.json").touch()
    _check_out(RunFolder(tmp_path), DataOptions(("synthetic",)))


@pytest.mark.parametrize("out", ["data", "data/runs/a", "link/run"])
def test_a_run_does_not_lie_in_its_data(tmp_path: Path, out: str) -> None:
    """Its thumbnails would be photographs of a class of their own."""
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to("data")
    data = DataOptions((str(tmp_path / "other"), str(tmp_path / "data")))
    with pytest.raises(UserError, match=r"lies in the data folder .*; choose another --output"):
        _check_out(RunFolder(tmp_path / out), data)
    _check_out(RunFolder(tmp_path / "data beside"), data)


def test_an_edited_report_is_found_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(to_toml(load_recipe("demo", [])))
    (tmp_path / "report.html").write_text("<h1>mine</h1>")
    with pytest.raises(UserError, match=r"report\.html: exists and is not a report as this program wrote it"):
        _check_out(RunFolder(tmp_path), DataOptions(("synthetic",)))


def test_the_users_word_is_recorded_and_used_again(image_folder: Callable[..., Path], tmp_path: Path) -> None:
    data, run = str(image_folder(**{"0": 30, "1": 20, "doubtful": 3})), RunFolder(tmp_path / "run")
    recipe = load_recipe("demo", ["data.size=32", "teacher.weights=none"])
    word = Reading({"doubtful": "leave-out"}, ("1",))

    def opened(reading: Reading) -> str:
        options = DataOptions((data,), reading=reading)
        device = torch.device("cpu")
        return open_run(recipe, options, run.path, [], device=device, command="").assigned.digest

    with pytest.raises(UserError, match="--positive NAME says which is melanoma"):
        opened(AS_FOUND)
    first = opened(word)
    recorded = read_json(run.manifest, RunManifest).data
    assert recorded.reading == word
    assert sum(counts["melanoma"] for counts in recorded.counts.values()) == 20

    assert opened(AS_FOUND) == first
    assert read_json(run.manifest, RunManifest).data == recorded
    exported = _Images.of(run, (), 32)
    assert sum(record.is_melanoma for record in exported.records) == 20
    now = DataOptions((data,))
    assert as_recorded(run, now).reading == word
    given = DataOptions((data,), reading=Reading(positive=("0",)))
    assert as_recorded(run, given) == given
    for other in (DataOptions((str(tmp_path),)), DataOptions((data, str(tmp_path)))):
        assert as_recorded(run, other) == other


def test_synthetic_images_have_no_names(tmp_path: Path) -> None:
    options = DataOptions(("synthetic",), reading=Reading(positive=("1",)))
    with pytest.raises(UserError, match="--label, --positive and columns: synthetic images have none"):
        open_run(load_recipe("demo", []), options, tmp_path, [], device=torch.device("cpu"), command="")
