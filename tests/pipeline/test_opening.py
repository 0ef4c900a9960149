from pathlib import Path

import pytest

from dermdistill.errors import UserError
from dermdistill.pipeline.opening import _check_out
from dermdistill.runs import RunFolder


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
