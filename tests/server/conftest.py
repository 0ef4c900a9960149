"""Servers that several tests ask; what they leave is looked at in their own files."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.server.running import Server, running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, by name, where the server's packages are missing."""
    if find_spec("fastapi") is None:
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="the server needs dermdistill[serve]"))


@pytest.fixture(scope="session")
def server(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two workers, the limits as they are."""
    with running(tmp_path_factory.mktemp("server"), model_file, workers=2) as started:
        yield started


@pytest.fixture(scope="session")
def tight(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker, and limits that a test reaches at once."""
    with running(
        tmp_path_factory.mktemp("tight"),
        model_file,
        body_bytes=200_000,
        images=3,
        requests=2,
        held_bytes=250_000,
        header_seconds=2,
        body_seconds=2,
        image_memory=300_000_000,
    ) as started:
        yield started
