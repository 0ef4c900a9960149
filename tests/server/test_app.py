"""Headers, health, figures, the log, the token, the OpenAPI document."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dermdistill.page.assemble import site
from dermdistill.server.schemas import Health, ModelSchema, Predictions, Problem
from tests.conftest import Outcome
from tests.server.running import FORM, JPEG, Server, form, running

TOKEN = "0123456789abcdef"


def test_page_and_its_files(server: Server, model_file: Path) -> None:
    for name, resource in site(model_file).items():
        answer = server.get(f"/{name}")
        assert (answer.status, answer.body) == (200, resource.content)
        assert answer.headers["content-type"] == resource.media_type
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        again = server.ask("GET", f"/{name}", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status, again.body) == (304, b"")
        for header in ("content-security-policy", "permissions-policy", "cache-control", "etag"):
            assert again.headers[header] == answer.headers[header]
        assert server.ask("HEAD", f"/{name}").headers["content-length"] == str(len(resource.content))
    policy = server.get("/").headers["content-security-policy"]
    own = policy.removesuffix("; frame-ancestors 'none'")
    assert f'content="{own}"' in site(model_file)[""].content.decode()
    assert "script-src 'sha256-" in policy


@pytest.mark.parametrize(
    "path", ["/", "/v1/model", "/health/live", "/metrics", "/nothing", "/service-worker.js"]
)
def test_every_answer_says_what_browsers_may_do_with_it(server: Server, path: str) -> None:
    headers = server.get(path).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == ("no-cache" if path in ("/", "/service-worker.js") else "no-store")
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


def test_other_origins_are_not_allowed(server: Server) -> None:
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    answer = server.ask("OPTIONS", "/v1/predict", headers=asked)
    assert answer.status == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_model(server: Server, model_file: Path, photographs: Path) -> None:
    about = ModelSchema.model_validate_json(server.get("/v1/model").body)
    row = server.predict(photographs / "photo0.jpg").rows[0]
    assert (about.model, about.operating_point.threshold) == (row["model"], row["threshold"])
    assert about.limits["requests"] == 256
    assert about.notice == "research software, not a medical device"


def test_health(server: Server) -> None:
    for path, status in (("/health/live", "live"), ("/health/ready", "ready")):
        answer = Health.model_validate_json(server.get(path).body)
        assert (answer.status, answer.workers) == (status, 2)


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("GET", "/v1/predict", 405)]
)
def test_what_is_not_there_is_a_problem_too(server: Server, method: str, path: str, status: int) -> None:
    answer = server.ask(method, path)
    assert answer.status == Problem.model_validate_json(answer.body).status == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_figures_count_requests_and_images(server: Server, photographs: Path) -> None:
    def count(line: str) -> float:
        found = re.search(rf"^{re.escape(line)} (.*)$", server.get("/metrics").body.decode(), re.MULTILINE)
        return float(found[1]) if found else 0.0

    lines = (
        'dermdistill_requests_total{method="POST",path="/v1/predict",status="200"}',
        'dermdistill_images_total{outcome="scored"}',
        'dermdistill_images_total{outcome="failed"}',
        'dermdistill_requests_total{method="other",path="other",status="404"}',
    )
    before = [count(line) for line in lines]
    body = form([("a.jpg", (photographs / "photo0.jpg").read_bytes()), ("b.jpg", b"1")])
    server.ask("POST", "/v1/predict", body, FORM)
    server.ask("MAKE-A-LABEL", "/geheim.jpg")
    assert [count(line) for line in lines] == [value + 1 for value in before]


def test_log_has_a_line_for_a_request_and_no_names(server: Server, photographs: Path) -> None:
    before = len(server.lines())
    body = form([("geheim.jpg", (photographs / "photo0.jpg").read_bytes()), ("geheim.txt", b"geheim")])
    answer = server.ask("POST", "/v1/predict?name=geheim", body, FORM)
    server.get("/geheim.jpg")
    server.get("/health/live")  # a line is written when its response is sent, so the client may be earlier
    lines = server.lines()[before : before + 2]
    assert [(line["path"], line["status"]) for line in lines] == [("/v1/predict", 200), ("other", 404)]
    assert lines[0]["id"] == answer.headers["x-request-id"]
    assert (lines[0]["bytes"], lines[0]["images"], lines[0]["failed"]) == (len(body), 2, 1)
    assert lines[0]["seconds"] > 0
    assert "geheim" not in json.dumps(lines)


def test_token(model_file: Path, photographs: Path, tmp_path: Path) -> None:
    photograph = (photographs / "photo0.jpg").read_bytes()
    with running(tmp_path, model_file, token=TOKEN) as guarded:
        for given in (None, "", TOKEN, f"Bearer {TOKEN}x", "Bearer ü", f"Basic {TOKEN}"):
            headers = JPEG if given is None else JPEG | {"Authorization": given}
            answer = guarded.ask("POST", "/v1/predict", photograph, headers)
            assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
            assert TOKEN not in answer.body.decode()
        allowed = {"Authorization": f"Bearer {TOKEN}"}
        assert guarded.ask("POST", "/v1/predict", photograph, JPEG | allowed).status == 200
        statuses = {
            path: guarded.get(path).status for path in ("/", "/health/ready", "/v1/model", "/metrics")
        }
        assert statuses == {"/": 200, "/health/ready": 200, "/v1/model": 401, "/metrics": 401}
        assert guarded.ask("GET", "/metrics", headers=allowed).status == 200
        document = guarded.get("/openapi.json").json
    assert document["paths"]["/v1/predict"]["post"]["security"] == [{"HTTPBearer": []}]
    assert TOKEN not in (tmp_path / "log").read_text()


def test_openapi_document_describes_what_is_answered(server: Server, photographs: Path) -> None:
    document = server.get("/openapi.json").json
    assert set(document["paths"]) == {
        *("/v1/predict", "/v1/explain", "/v1/model", "/health/live", "/health/ready", "/metrics")
    }
    predict = document["paths"]["/v1/predict"]["post"]
    assert {"multipart/form-data", "image/*", "application/dicom"} <= set(predict["requestBody"]["content"])
    assert {"200", "413", "422", "429"} <= set(predict["responses"])
    schemas = document["components"]["schemas"]
    for described in (Predictions, Problem):
        described.model_validate(schemas[described.__name__]["example"])
    row = server.predict(photographs / "photo0.jpg").rows[0]
    extra = set(row) - set(schemas["RowSchema"]["properties"])
    assert extra == {"p_melanoma", "p_nevus", "p_benign_keratosis"}
    Predictions.model_validate_json(server.predict(photographs / "photo0.jpg").body)


def test_uploads_are_never_written() -> None:
    """Python tells of every file that is opened to be written; workers are not allowed to write any."""
    program = """
import sys
written = []
def watch(event, arguments):
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & 3:
        written.append(str(arguments[0]))
    if event.startswith("tempfile."):
        written.append(event)
sys.addaudithook(watch)
from dermdistill.server.uploads import Admission
from dermdistill.server.limits import Limits
import asyncio
from starlette.requests import Request
from tests.server.running import FORM, form

async def receive():
    return {"type": "http.request", "body": form([("a.bmp", bytes(20_000_000))]), "more_body": False}

async def main():
    headers = [(b"content-type", FORM["Content-Type"].encode())]
    request = Request({"type": "http", "headers": headers}, receive)
    with Admission(Limits()).admit() as admitted:
        (upload,) = await admitted.files(request)
    assert len(upload.content) == 20_000_000

written.clear()
asyncio.run(main())
assert not written, written
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-B", "-c", program], check=True, env=environment)


@pytest.mark.parametrize(
    ("arguments", "token", "message"),
    [
        (("--host", "nowhere.invalid"), None, "error: --host nowhere.invalid: no such address"),
        (("--host", "192.0.2.1"), None, "error: --host 192.0.2.1 --port 0: cannot listen there"),
        ((), "short", "error: DERMDISTILL_TOKEN: has 5 characters; give at least 16"),
        ((), "", "error: DERMDISTILL_TOKEN: has 0 characters"),
        (("--model", "gone.onnx"), None, "error: gone.onnx: cannot read the model"),
    ],
)
def test_mistakes_of_the_command(
    command: Callable[..., Outcome],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    token: str | None,
    message: str,
) -> None:
    if token is not None:
        monkeypatch.setenv("DERMDISTILL_TOKEN", token)
    done = command("serve", "--port", "0", *arguments)
    assert done.code == 2
    assert done.err.startswith(message)
    assert len(done.err.splitlines()) == 1


def test_port_that_another_server_has(command: Callable[..., Outcome], server: Server) -> None:
    done = command("serve", "--port", server.port)
    assert done.code == 2
    assert done.err.startswith(f"error: --host 127.0.0.1 --port {server.port}: cannot listen there")
