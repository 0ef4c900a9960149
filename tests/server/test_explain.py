"""``POST /v1/explain``: the picture of ``dermdistill explain``."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Outcome
from tests.server.running import FORM, JPEG, Server, form
from tests.server.test_predict import frames


def test_picture_is_that_of_explain(
    server: Server, photographs: Path, tmp_path: Path, model_file: Path, command: Callable[..., Outcome]
) -> None:
    path = photographs / "photo0.jpg"
    command("explain", path, "--model", model_file, "--output", tmp_path / "expected.png")
    for body, headers in ((form([(path.name, path.read_bytes())]), FORM), (path.read_bytes(), JPEG)):
        answer = server.ask("POST", "/v1/explain", body, headers)
        assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
        if headers is FORM:
            assert answer.body == (tmp_path / "expected.png").read_bytes()


def test_frame_of_a_dicom_file(server: Server) -> None:
    answers = [server.ask("POST", f"/v1/explain{query}", frames(2)) for query in ("", "?frame=1", "?frame=2")]
    assert [answer.status for answer in answers] == [422, 200, 200]
    assert "image: holds 2 frames" in answers[0].json["detail"]
    first, second = (np.asarray(Image.open(io.BytesIO(answer.body))) for answer in answers[1:])
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    ("body", "query", "detail"),
    [
        (
            form([("a.jpg", b"1"), ("b.jpg", b"2")]),
            "",
            "2 files; expected one: a picture is of one photograph",
        ),
        (form([("a.jpg", b"no photograph")]), "", "a.jpg: not an image"),
        (form([("a.jpg", b"1")]), "?frame=0", "frame: Input should be greater than or equal to 1"),
    ],
)
def test_refuses(server: Server, body: bytes, query: str, detail: str) -> None:
    answer = server.ask("POST", f"/v1/explain{query}", body, FORM)
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json["detail"].startswith(detail)
