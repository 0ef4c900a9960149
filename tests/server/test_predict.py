"""``POST /v1/predict``: what was sent, in whatever form, is a row as ``predict --json`` prints it."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.browser.files import write_kinds, write_unusable
from tests.conftest import Outcome
from tests.data.dicom_files import dataset, picture, written
from tests.server.running import FORM, JPEG, Server, form, running


@pytest.fixture
def predicted(
    command: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model_file: Path
) -> Callable[..., list[dict[str, object]]]:
    """The rows of ``predict --json`` for files of the folder, named as a client names them."""

    def rows(paths: list[Path], *options: object) -> list[dict[str, object]]:
        monkeypatch.chdir(tmp_path)
        names = [path.name for path in paths]
        done = command("predict", *names, "--model", model_file, "--json", *options)
        return [json.loads(line) for line in done.out.splitlines()]

    return rows


def test_rows_are_those_of_predict(
    server: Server, tmp_path: Path, predicted: Callable[..., list[dict[str, object]]]
) -> None:
    """Every kind of file, those that cannot be scored among them: equal to the digit, in order."""
    paths = [*write_kinds(tmp_path), *write_unusable(tmp_path)]
    answer = server.predict(*paths)
    assert answer.status == 200
    assert answer.rows == predicted(paths)
    assert answer.json["notice"] == "research software, not a medical device"
    errors = [row["error"] for row in answer.rows]
    assert None in errors
    assert all(error is None or row["path"] in error for row, error in zip(answer.rows, errors, strict=True))


def test_bytes_of_one_file_are_a_body_too(server: Server, photographs: Path) -> None:
    path = photographs / "photo0.jpg"
    by_form = server.predict(path).rows[0]
    for headers in (JPEG, {"Content-Type": "application/octet-stream"}, {}):
        by_bytes = server.ask("POST", "/v1/predict", path.read_bytes(), headers).rows
        assert by_bytes == [by_form | {"path": "image"}]


def test_dicom_has_a_row_for_each_frame(
    server: Server, tmp_path: Path, predicted: Callable[..., list[dict[str, object]]]
) -> None:
    path = tmp_path / "two.dcm"
    path.write_bytes(frames(2))
    rows = predicted([path])
    assert [row["path"] for row in rows] == ["two.dcm#frame=1", "two.dcm#frame=2"]
    assert server.predict(path).rows == rows
    by_bytes = server.ask("POST", "/v1/predict", path.read_bytes(), {"Content-Type": "application/dicom"})
    assert [row["path"] for row in by_bytes.rows] == ["image#frame=1", "image#frame=2"]


def test_file_of_more_frames_than_images_are_allowed(tight: Server, tmp_path: Path) -> None:
    path = tmp_path / "four.dcm"
    path.write_bytes(frames(4))
    answer = tight.predict(path)
    assert answer.status == 422
    assert answer.json["detail"] == (
        "four.dcm: holds 4 images; at most 3 are scored in one request; send them in parts"
    )


def test_nothing_that_could_be_scored_is_a_problem_that_names_the_file(
    server: Server, tmp_path: Path, predicted: Callable[..., list[dict[str, object]]]
) -> None:
    paths = [tmp_path / "notes.txt", tmp_path / "empty.jpg"]
    paths[0].write_text("no photograph")
    paths[1].touch()
    answer = server.predict(*paths)
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")
    rows = predicted(paths)
    assert answer.json == {
        "type": "about:blank",
        "title": answer.json["title"],
        "status": 422,
        "detail": rows[0]["error"],
        "file": "notes.txt",
        "rows": rows,
    }


@pytest.mark.parametrize(
    "name", ["Müller Ω.jpg", "a\u200b.jpg", "../../etc/passwd", "%22 and ;.jpg", "x" * 3000]
)
def test_names_come_back_as_they_were_sent(server: Server, photographs: Path, name: str) -> None:
    body = form([(name, (photographs / "photo0.jpg").read_bytes())])
    assert server.ask("POST", "/v1/predict", body, FORM).rows[0]["path"] == name


def test_prevalence_and_operating_point_are_those_of_the_command(
    photographs: Path,
    tmp_path: Path,
    model_file: Path,
    command: Callable[..., Outcome],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(photographs)
    done = command("predict", "photo0.jpg", "--model", model_file, "--json", "--prevalence", "0.02")
    with running(tmp_path, model_file, prevalence=0.02) as restated:
        answer = restated.predict(photographs / "photo0.jpg")
        about = restated.get("/v1/model").json
    row = json.loads(done.out)
    assert answer.rows == [row]
    assert about["operating_point"]["threshold"] == row["threshold"]
    named = {point["name"]: point["threshold"] for point in about["operating_points"]}
    assert set(named) == {"youden", "sensitivity_0.90"}
    assert named["sensitivity_0.90"] == row["threshold"]


def test_hundred_clients_at_once(server: Server, photographs: Path) -> None:
    paths = sorted(photographs.iterdir())
    expected = {path.name: server.predict(path).rows[0] for path in paths}
    with ThreadPoolExecutor(100) as clients:
        answers = list(clients.map(server.predict, paths * 20))
    assert {answer.status for answer in answers} == {200}
    assert [answer.rows[0] for answer in answers] == [expected[path.name] for path in paths * 20]


def frames(count: int) -> bytes:
    """A DICOM file of so many photographs."""
    several = np.concatenate([np.roll(picture(), shift, axis=1) for shift in range(count)])
    return written(dataset(picture(), NumberOfFrames=count, PixelData=several.tobytes()))
