from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from dermdistill.config import load_recipe
from dermdistill.errors import UserError
from dermdistill.evaluation.results import read_json
from dermdistill.pipeline.deploy import _Images
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
    _check_out(RunFolder(tmp_path))


def test_a_folder_of_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(UserError, match="holds other files"):
        _check_out(RunFolder(tmp_path))


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
    with pytest.raises(UserError, match="synthetic images have no names"):
        open_run(load_recipe("demo", []), options, tmp_path, [], device=torch.device("cpu"), command="")
