from collections.abc import Iterator

import pytest


@pytest.fixture
def memory() -> Iterator[object]:
    """fsspec's file system in memory, ``memory://``, emptied afterwards."""
    fsspec = pytest.importorskip("fsspec", reason="the extra storage is not installed")
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]
