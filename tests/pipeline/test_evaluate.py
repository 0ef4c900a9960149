"""Which model is judged, by what, and where its evaluation goes."""

import importlib.util
from pathlib import Path

import pytest

from dermdistill.errors import UserError
from dermdistill.pipeline.evaluate import EvaluationOptions, evaluate_models
from dermdistill.pipeline.prepare import DataOptions
from dermdistill.runs import EvaluationManifest, RunFolder
from tests.run_folders import Scenario, write_run

DATA = DataOptions(("synthetic",))


@pytest.mark.parametrize("exported", [False, True])
def test_weights_need_pytorch_and_an_exported_file_does_not(
    exported: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = write_run(RunFolder(tmp_path / "run"), Scenario(lesions=40))
    if exported:
        run.export.mkdir()
        (run.export / "dsnet.onnx").touch()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError) as caught:
        evaluate_models(run.path, DATA, EvaluationOptions())
    instead = f"{run.export / 'dsnet.onnx'}" if exported else "a file of `dermdistill export`"
    assert str(caught.value) == (
        f"{run.path}: its weights need PyTorch: pip install 'dermdistill[train]', or give {instead} instead"
    )


def test_what_is_noted_of_the_data_makes_no_other_evaluation() -> None:
    manifest = EvaluationManifest(model="m.onnx", data=("MINE",), split=None, synthetic=False)
    assert manifest.is_of_the_same(manifest.model_copy(update={"notes": ("a note",), "layout": "table"}))
    assert not manifest.is_of_the_same(manifest.model_copy(update={"model": "n.onnx"}))
    assert not manifest.is_of_the_same(manifest.model_copy(update={"data": ("THEIRS",)}))
