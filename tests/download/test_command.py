"""``dermdistill download`` as its user meets it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dermdistill.download.client import Client
from dermdistill.download.published import Hosts, Published

from .server import Fault, Server

ARCHIVE = "/challenges/2019/ISIC_2019_Training_Input.zip"

Command = Callable[..., Any]


@pytest.fixture
def imitated(
    server: Server, hosts: Hosts, client: Client, challenge: Published, monkeypatch: pytest.MonkeyPatch
) -> Server:
    """The command asks the imitated server, and knows the small data set."""
    monkeypatch.setattr("dermdistill.cli.download.Hosts", lambda: hosts)
    monkeypatch.setattr("dermdistill.cli.download.Client", lambda say: client)
    monkeypatch.setattr("dermdistill.cli.download.find", {"isic2019": challenge}.get)
    return server


def test_without_a_name_all_are_listed(command: Command) -> None:
    done = command("download")
    assert done.code == 0
    line = next(line for line in done.out.splitlines() if line.startswith("isic2020"))
    assert "33,126" in line
    assert "30 GB" in line
    assert "CC BY-NC 4.0" in line


def test_a_wrong_name_lists_them_too(command: Command, tmp_path: Path) -> None:
    done = command("download", "ham1000", tmp_path / "data")
    assert done.code == 2
    assert "ham10000" in done.err
    assert done.err.splitlines()[-1] == "error: ham1000: no such data set; choose one of these"
    assert not (tmp_path / "data").exists()


def test_without_a_folder(command: Command) -> None:
    done = command("download", "ham10000")
    assert done.code == 2
    assert "dermdistill download ham10000 DIR" in done.err


def test_without_pooch(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = command("download")
    assert done.code == 2
    assert "pip install 'dermdistill[download]'" in done.err


def test_terms_before_and_state_after(imitated: Server, command: Command, tmp_path: Path) -> None:
    done = command("download", "isic2019", tmp_path / "data")
    assert done.code == 0
    assert "licence: CC BY-NC 4.0" in done.err
    assert "attribution: The makers of the challenge" in done.err
    assert "images: 3, tables that name them: 1" in done.out
    assert "\r" not in done.err  # no frames of a bar in a log


def test_an_incomplete_download_is_a_failure(imitated: Server, command: Command, tmp_path: Path) -> None:
    imitated.faults[ARCHIVE].append(Fault(status=404))
    done = command("download", "isic2019", tmp_path / "data")
    assert done.code == 1
    assert "NOT complete" in done.out
    assert "missing images that a table names (3): ISIC_0000000, ISIC_0000001, ISIC_0000002" in done.out
    assert "the same command fetches what is missing" in done.out
    assert command("download", "isic2019", tmp_path / "data").code == 0


def test_the_data_command_reads_it(imitated: Server, command: Command, tmp_path: Path) -> None:
    command("download", "isic2019", tmp_path / "data")
    assert "layout: isic2019; 3 images" in command("data", tmp_path / "data").out


def test_interrupted(
    imitated: Server, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("dermdistill.download.job.unpack", interrupted)
        done = command("download", "isic2019", tmp_path / "data")
    assert done.code == 130
    assert "the same command continues" in done.err
    assert command("download", "isic2019", tmp_path / "data").code == 0


def test_two_commands_in_one_folder(imitated: Server, command: Command, tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    work = tmp_path / "data" / ".dermdistill-download.part"
    work.mkdir(parents=True)
    with (work / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        done = command("download", "isic2019", tmp_path / "data")
    assert done.code == 2
    assert "another command is writing it" in done.err
