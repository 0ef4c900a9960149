"""The page as a file: what is in it, and what it may do."""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import dermdistill
from dermdistill.inference.decision import DEFAULT_POINT, for_images
from dermdistill.inference.model import SHIPPED
from dermdistill.page.assemble import BUILT, page, site
from dermdistill.signed_page import is_unedited
from tests.conftest import Outcome

if TYPE_CHECKING:
    from onnx import ModelProto

RUNTIME_SHA256 = "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"
"""Of the WebAssembly of onnxruntime-web 1.30.0."""


@pytest.fixture(scope="module")
def text() -> str:
    return page(SHIPPED)


def held(text: str, name: str) -> str:
    """What the page holds under a name."""
    found = re.search(rf'<script id="{name}"[^>]*>(.*?)</script>', text, re.S)
    assert found
    return found[1]


def description(text: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(held(text, "description"))
    return content


def policy(text: str) -> dict[str, list[str]]:
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert found
    return {name: sources for name, *sources in (part.split() for part in found[1].split("; "))}


def test_fits_into_six_and_a_half_megabytes(text: str) -> None:
    assert len(text.encode()) <= 6_500_000


def test_holds_the_model_and_the_runtime(text: str) -> None:
    assert gzip.decompress(base64.b64decode(held(text, "model"))) == SHIPPED.read_bytes()
    runtime = gzip.decompress(base64.b64decode(held(text, "runtime")))
    assert hashlib.sha256(runtime).hexdigest() == RUNTIME_SHA256
    assert "Copyright (c) Microsoft Corporation" in text, "the licence of the runtime"


def test_describes_the_model(text: str) -> None:
    model, said = dermdistill.load(), description(text)
    assert said["model_id"] == model.model_id
    assert tuple(said["classes"]) == model.info.classes
    assert said["prevalence"] == model.prevalence
    assert said["default_point"] == DEFAULT_POINT
    assert {point["name"] for point in said["operating_points"]} == {
        point.name for point in for_images(model.info.thresholds) if point.threshold is not None
    }
    photograph = base64.b64decode(said["self_test"]["image"])
    assert said["self_test"]["probabilities"] == list(model.predict(photograph)[0].diagnoses.values())


def test_self_test_notices_more_than_one_class(text: str) -> None:
    """Probabilities near 0 or 1 would stay there in a browser that computes something else."""
    assert sum(0.05 < p < 0.95 for p in description(text)["self_test"]["probabilities"]) >= 3


def test_policy_allows_nothing_but_what_is_in_the_file(text: str) -> None:
    allowed = policy(text)
    assert allowed["default-src"] == ["'none'"]
    assert set(allowed) == {
        *("default-src", "script-src", "style-src", "img-src", "worker-src", "base-uri", "form-action")
    }
    script, style = (
        re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.S)[-1].encode() for tag in ("script", "style")
    )
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(each).digest()).decode()}'" for each in (script, style)
    ]
    assert allowed["script-src"] == [hashes[0], "'wasm-unsafe-eval'"]
    assert allowed["style-src"] == [hashes[1]]
    assert set(allowed["img-src"] + allowed["worker-src"]) == {"blob:", "data:"}


def test_refers_to_nothing_elsewhere(text: str) -> None:
    markup = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.S)
    targets = re.findall(r"""\s(?:src|href|action|srcset)="([^"]*)""", markup)
    assert targets
    assert all(target.startswith("data:image/svg+xml,") for target in targets)
    assert "{{" not in markup


def test_same_bytes_twice(text: str) -> None:
    assert page(SHIPPED) == text


def test_site_is_the_page_and_what_makes_it_an_app(text: str) -> None:
    resources = site(SHIPPED)
    served = resources[""].content.decode()
    assert '<link rel="manifest" href="manifest.webmanifest">' in served
    allowed = policy(served)
    assert allowed.pop("manifest-src") == ["'self'"]
    assert allowed.pop("worker-src") == ["blob:", "'self'"]
    assert allowed.items() <= policy(text).items()
    manifest = json.loads(resources["manifest.webmanifest"].content)
    assert {icon["src"] for icon in manifest["icons"]} <= set(resources)
    kept = re.search(rb"FILES = (\[.*?\])", resources["service-worker.js"].content)
    assert kept
    assert {name.removeprefix("./") for name in json.loads(kept[1])} <= set(resources)


def test_int8_model_makes_a_smaller_page(text: str) -> None:
    small = page(SHIPPED.with_name("dermlet.int8.onnx"))
    assert len(small) < len(text)
    assert description(small)["model_id"] != description(text)["model_id"]


def test_model_without_operating_points_is_refused(
    changed_model: "Callable[[Callable[[ModelProto], object]], bytes]", tmp_path: Path
) -> None:
    def without_points(model: "ModelProto") -> None:
        (entry,) = model.metadata_props
        entry.value = json.dumps(json.loads(entry.value) | {"thresholds": []})

    path = tmp_path / "model.onnx"
    path.write_bytes(changed_model(without_points))
    with pytest.raises(dermdistill.UserError, match=r"model\.onnx: has no operating points"):
        page(path)


def test_model_that_knows_little_of_its_images(
    changed_model: "Callable[[Callable[[ModelProto], object]], bytes]", tmp_path: Path
) -> None:
    def without_more(model: "ModelProto") -> None:
        (entry,) = model.metadata_props
        content = json.loads(entry.value)
        del content["validation"], content["reference"], content["calibration"]
        content["provenance"] = {"data": "</script><script>alert(1)</script>"}
        content["classes"][0] = "</script>"
        entry.value = json.dumps(content)

    path = tmp_path / "model.onnx"
    path.write_bytes(changed_model(without_more))
    said = description(page(path))
    assert said["prevalence"] is said["reference"] is None
    assert said["classes"][0] == "</script>"


def test_command_writes_replaces_and_refuses(command: Callable[..., Outcome], tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    done = command("page", "-o", path)
    assert done.code == 0
    assert re.search(r"wrote .*page\.html: 6\.\d MB", done.err)
    assert is_unedited(path)
    assert command("page", "-o", path, "--model", SHIPPED.with_name("dermlet.int8.onnx")).code == 0
    other = tmp_path / "mine.html"
    other.write_text("<p>mine</p>")
    refused = command("page", "-o", other)
    assert refused.code == 2
    assert "mine.html: exists and is not a page of `dermdistill page`" in refused.err
    assert other.read_text() == "<p>mine</p>"
    path.write_text(
        path.read_text(encoding="utf-8").replace("dermdistill:", "My clinic:", 1), encoding="utf-8"
    )
    assert command("page", "-o", path).code == 2, "a page that somebody has edited"
    assert command("page", "-o", other, "--overwrite").code == 0
    assert is_unedited(other)


def test_never_writes_over_the_model(command: Callable[..., Outcome], tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(SHIPPED.read_bytes())
    refused = command("page", "--model", model, "-o", model, "--overwrite")
    assert refused.code == 2
    assert model.read_bytes() == SHIPPED.read_bytes()


def test_packed_runtime_and_template_are_there() -> None:
    assert {path.name for path in BUILT.iterdir()} == {
        *("icon.svg", "manifest.webmanifest", "runtime.wasm.gz", "service-worker.js", "template.html")
    }
