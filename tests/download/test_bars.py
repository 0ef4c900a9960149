"""What a bar knows: without the number of images there is no time left to show."""

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from dermdistill import progress
from dermdistill.download.client import Client
from dermdistill.download.job import download
from dermdistill.download.published import Hosts, find

from .conftest import jpeg
from .server import Server, publish_collection


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_collection_says_on_its_first_page_how_many_images_it_has(
    server: Server, hosts: Hosts, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", _Terminal())
    real, shown = progress.bar, []

    def bar(*arguments: Any, **options: Any) -> Any:
        shown.append(real(*arguments, **options))
        return shown[-1]

    monkeypatch.setattr(progress, "bar", bar)
    publish_collection(server, 425, {f"ISIC_{i:07}": jpeg(i) for i in range(5)}, page=2)
    milk10k = find("milk10k")
    assert milk10k is not None
    download(milk10k, tmp_path / "data", hosts, client)
    (collection,) = [each for each in shown if "Collection" in each.desc]
    assert (collection.n, collection.total) == (5, 5)
