"""The card and the citations, read again by the libraries that will read them."""

import json
import re
from pathlib import Path

import pytest
import yaml
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from dermdistill.card import pack
from dermdistill.inference.model import SHIPPED
from dermdistill.json_files import read_json
from dermdistill.judgement.judgement import Judgement

from .conftest import STUDENT, write_evaluation


@pytest.fixture(scope="module")
def packaged() -> pack.Contents:
    return pack.collect(None, ())


def metadata(contents: pack.Contents) -> ModelCardData:
    data = ModelCard(contents["README.md"].decode()).data
    assert isinstance(data, ModelCardData)
    return data


def results_of(contents: pack.Contents) -> list[EvalResult]:
    return metadata(contents).eval_results or []


def test_metadata_of_the_packaged_model(packaged: pack.Contents) -> None:
    data = metadata(packaged)
    assert data.license == "cc-by-nc-4.0"
    assert data.pipeline_tag == "image-classification"
    assert data.model_name == "dermlet"
    assert {"melanoma", "dermoscopy", "onnx"} <= set(data.tags or ())
    assert data.metrics == ["roc_auc", "recall", "specificity", "ece"]


def test_results_are_those_of_the_documentation(packaged: pack.Contents) -> None:
    rows = json.loads((Path(__file__).parents[2] / "docs" / "results" / "shipped.json").read_text())["files"]
    aucs = {row["test_set"]: row["auc"] for row in rows if row["file"] == "float"}
    found = {
        result.dataset_name: (result.metric_value, (result.metric_args or {})["interval_95"])
        for result in results_of(packaged)
        if result.metric_type == "roc_auc"
    }
    assert found == {
        f"{name} test images": (auc["value"], [auc["low"], auc["high"]]) for name, auc in aucs.items()
    }
    assert "one answer per lesion: the mean of the log-odds of its photographs" in " ".join(
        packaged["README.md"].decode().split()
    )


def test_shipped_results_are_those_of_the_documentation() -> None:
    """Otherwise: cp docs/results/shipped.json src/dermdistill/weights/results.json."""
    documented = Path(__file__).parents[2] / "docs" / "results" / "shipped.json"
    assert SHIPPED.with_name("results.json").read_bytes() == documented.read_bytes()


def test_results_of_a_run_and_of_an_evaluation(run: Path) -> None:
    judgement = read_json(run / "judgement.json", Judgement)
    write_evaluation(run / "evaluations" / "my clinic", judgement, model=str(run))
    results = results_of(pack.collect(run, ()))
    expected = judgement.models[STUDENT].auc.value
    assert expected is not None
    for name, slug in (("test images of the run", "test-images-of-the-run"), ("my clinic", "my-clinic")):
        (auc,) = (r for r in results if r.dataset_name == name and r.metric_type == "roc_auc")
        assert auc.metric_value == pytest.approx(expected, rel=1e-5)
        assert auc.dataset_type == slug


def test_calibration_is_stated_of_the_file_only(run: Path) -> None:
    """The weights that a run's own figures are of are not calibrated, the exported file is."""
    judgement = read_json(run / "judgement.json", Judgement)
    file = run / "export" / f"{STUDENT}.onnx"
    write_evaluation(run / "export" / f"{STUDENT}-on-clinic", judgement, model=str(file))
    results = results_of(pack.collect(file, ()))
    assert {r.dataset_name for r in results if r.metric_type == "ece"} == {f"{STUDENT}-on-clinic"}


def test_what_is_not_recorded_is_not_made_up(run: Path) -> None:
    contents = pack.collect(run, ())
    data = metadata(contents)
    assert data.license is None
    text = contents["README.md"].decode()
    assert "## Limits\n\n*Unanswered: nothing recorded says it.*" in text
    assert "## Licence\n\n*Unanswered: nothing recorded says it.* Find out the licence" in text
    assert "LICENSE" not in contents
    assert "None" not in text


def test_a_model_of_synthetic_images_says_so(run: Path) -> None:
    manifest = json.loads((run / "run.json").read_text())
    manifest["data"]["synthetic"] = True
    (run / "run.json").write_text(json.dumps(manifest))
    contents = pack.collect(run, ())
    assert "**SYNTHETIC: made of procedural images." in contents["README.md"].decode()
    assert "synthetic-data" in (metadata(contents).tags or ())


def test_every_file_is_linked_or_counted_and_every_link_is_a_file(packaged: pack.Contents) -> None:
    text = packaged["README.md"].decode()
    links = set(re.findall(r"\]\(([^)#:]+)\)", text))
    assert links <= set(packaged)
    assert links >= {name for name in packaged if "/" not in name} - {"README.md"}
    assert "\n- `checklists/`: 6 files\n- `tables/`: 1 file\n" in text


def test_the_licence_is_the_whole_text(packaged: pack.Contents) -> None:
    text = packaged["LICENSE"].decode()
    assert text.startswith("Creative Commons Attribution-NonCommercial 4.0 International\n")
    for section in range(1, 9):
        assert f"Section {section} " in text


def test_citation_file(packaged: pack.Contents) -> None:
    """The fields that the Citation File Format 1.2.0 demands, and the licence by its SPDX identifier."""
    content = yaml.safe_load(packaged["CITATION.cff"])
    assert content["cff-version"] == "1.2.0"
    assert {"authors", "message", "title"} <= set(content)
    assert content["type"] in ("software", "dataset")
    assert content["license"] == "CC-BY-NC-4.0"
    assert content["version"] == f"dermlet {content['version'].split()[1]}"


def test_zenodo_metadata(packaged: pack.Contents, run: Path) -> None:
    """As the deposit metadata of Zenodo's API asks: open access needs a licence, every upload a creator."""
    open_access = json.loads(packaged[".zenodo.json"])
    assert {"title", "upload_type", "description", "creators", "access_right"} <= set(open_access)
    assert open_access["license"] == "CC-BY-NC-4.0"
    assert {each["relation"] for each in open_access["related_identifiers"]} == {"cites", "isDerivedFrom"}
    assert {each["scheme"] for each in open_access["related_identifiers"]} == {"doi", "url"}
    closed = json.loads(pack.collect(run, ())[".zenodo.json"])
    assert closed["access_right"] == "closed"
    assert "license" not in closed
    assert closed["creators"] == [{"name": "Author, unanswered"}]


def test_sections_of_the_packaged_card_are_found(packaged: pack.Contents) -> None:
    """They answer items, and its limits stand on the page; a section of another name would be missed."""
    text = packaged["README.md"].decode()
    limits = packaged["MODEL_CARD.md"].decode().partition("\n## Limits\n")[2].partition("\n## ")[0].strip()
    assert limits
    assert f"## Limits\n\n{limits}\n\n## " in text
    claim = packaged["checklists/claim.csv"].decode()
    for section in ("Limits", "Performance", "Architecture and training"):
        assert f"MODEL_CARD.md, {section}" in claim
