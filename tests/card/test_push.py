"""Uploads by the library itself, to a server on the loopback interface."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ..conftest import Outcome
from .hub import Hub

Command = Callable[..., Outcome]

# The library calls another one in a way that is deprecated there.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def written(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".written.json"
    }


def test_the_repository_holds_what_the_folder_does(command: Command, hub: Hub, tmp_path: Path) -> None:
    done = command("card", "-o", tmp_path / "card", "--push", "clinic/dermlet")
    assert done.code == 0, done.err
    assert hub.created == ["clinic/dermlet"]
    assert "private" in (hub.asked[0].get("visibility"), *hub.asked[0])
    assert hub.files == written(tmp_path / "card")
    assert set(hub.large.values()) == {
        content for name, content in hub.files.items() if name.endswith((".onnx", ".safetensors"))
    }
    assert f"uploaded to {hub.url}/clinic/dermlet" in done.err
    assert hub.commits == ["Evidence written by dermdistill card"]


def test_a_folder_is_uploaded_as_it_was_edited(command: Command, hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "card"
    command("card", "-o", folder, "--quiet")
    (folder / "checklists" / "claim.md").write_text("answered by hand")
    (folder / "patients.csv").write_text("not to be published")
    done = command("card", folder, "--push", "dermlet")
    assert done.code == 0, done.err
    assert hub.created == ["me/dermlet"]
    assert hub.files["checklists/claim.md"] == b"answered by hand"
    assert "patients.csv" not in hub.files
    sums = dict(line.split("  ")[::-1] for line in hub.files["SHA256SUMS"].decode().splitlines())
    assert set(sums) == {*hub.files} - {"SHA256SUMS"}
    # What was answered by hand is still not overwritten.
    again = command("card", "-o", folder)
    assert again.code == 2
    assert "claim.md: is not as `dermdistill card` wrote it" in again.err


def one_line(done: Outcome) -> str:
    assert done.code == 2
    assert done.err.count("\n") == 1, done.err
    return done.err


def test_without_a_token_nothing_is_written(
    command: Command, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    error = one_line(command("card", "-o", tmp_path / "card", "--push", "dermlet"))
    assert "--push dermlet: no token; log in with `hf auth login`, or set HF_TOKEN" in error
    assert not (tmp_path / "card").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"token": "another"}, "answers 401: the token is not accepted"),
        ({"read_only": True}, "answers 403: the token may not write there"),
        ({"refuse": {"/commit/main": 400}}, "answers 400: "),
    ],
)
def test_a_refusal_is_one_line(
    command: Command, hub: Hub, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    for name, value in change.items():
        setattr(hub, name, value)
    error = one_line(command("card", "-o", tmp_path / "card", "--push", "clinic/dermlet", "--quiet"))
    assert f"--push clinic/dermlet: {hub.url} {message}" in error
    assert (tmp_path / "card" / "README.md").exists()


def test_without_a_network_it_is_one_line(
    command: Command, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:1")
    error = one_line(command("card", "-o", tmp_path / "card", "--push", "dermlet", "--quiet"))
    assert "--push dermlet: cannot upload to http://127.0.0.1:1 (" in error


@pytest.mark.parametrize("name", ["", "a/b/c", "/dermlet", "clinic/", "my model", "-dermlet"])
def test_a_name_that_no_repository_has_is_one_line(
    command: Command, hub: Hub, tmp_path: Path, name: str
) -> None:
    assert f"--push {name}: " in one_line(command("card", "-o", tmp_path / "card", f"--push={name}", "-q"))
    assert hub.files == {}


def test_a_written_folder_is_not_a_model(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "card"
    command("card", "-o", folder, "--quiet")
    error = one_line(command("card", folder, "-o", tmp_path / "other"))
    assert f"{folder}: is a folder of `dermdistill card`; upload it with --push REPO alone" in error
