import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dermdistill.export.graph import described_anew
from dermdistill.inference.model import SHIPPED
from dermdistill.inference.onnx import OnnxModel
from dermdistill.json_files import write_json
from dermdistill.judgement.judge import judge_run
from dermdistill.judgement.judgement import Judgement
from dermdistill.runs import EvaluationManifest, RunFolder

from ..run_folders import NETWORKS, Scenario, write_run
from .hub import Hub, serving

STUDENT = "dsnet-hinton-seed1"
SPLIT = "5f2c9a7e41b0"
"""Digest of the split in the fixture's manifest."""


@pytest.fixture(scope="session")
def described() -> bytes:
    """The packaged model under another description, as if a run of a folder of images had made it."""
    content = SHIPPED.read_bytes()
    info = OnnxModel(content, "model").info
    made = {"data": "folder", "split": SPLIT, "program": "dermdistill 0.1.0", "recipe": "fixture"}
    return described_anew(content, replace(info, provenance=made))


@pytest.fixture(scope="session")
def judged_run(tmp_path_factory: pytest.TempPathFactory, described: bytes) -> Path:
    """A judged run of two seeds, with one exported model."""
    details = (("sex", ("male", "female", "")), ("age", ("30", "50", "70")))
    notes = ("/home/someone/images/: 3 images without a diagnosis are left out",)
    run = write_run(
        RunFolder(tmp_path_factory.mktemp("runs") / "run"),
        Scenario(seeds=(0, 1), lesions=700, details=details, notes=notes),
        NETWORKS[:3],
    )
    run.export.mkdir()
    (run.export / f"{STUDENT}.onnx").write_bytes(described)
    judge_run(run)
    return run.path


@pytest.fixture
def run(judged_run: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(judged_run, tmp_path / "run"))


def write_evaluation(folder: Path, judgement: Judgement, *, model: str) -> None:
    """An evaluation on other data: the figures of ``judgement``."""
    folder.mkdir(parents=True)
    manifest = EvaluationManifest(model=model, data=("/home/someone/clinic",), split=None, synthetic=False)
    write_json(folder / "evaluation.json", manifest)
    write_json(RunFolder(folder).judgement, judgement)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A Hub that the library uploads to, without the protocol of its own storage, with a token at hand."""
    from huggingface_hub import constants

    with serving() as server:
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no token"))
        monkeypatch.setenv("HF_TOKEN", server.token)
        yield server
