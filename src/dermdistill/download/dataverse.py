"""Files of a Dataverse record, with the checksums that the record publishes.

Pooch knows how a record lists its files and their checksums. The transfer is not left to it: it would begin
anew after a cut.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import pooch
from pooch.downloaders import DataverseRepository

from dermdistill.download.client import Client, DownloadError, Remote


def list_files(doi: str, names: Sequence[str], host: str, client: Client) -> Sequence[Remote]:
    """The wanted files of a record, in the order in which they are wanted.

    Args:
        doi: of the record.
        names: of its files; tables without their ending, as a Dataverse changes that.
        host: of the Dataverse.
        client: to ask with.

    Raises:
        DownloadError: the record cannot be read, or lacks one of them.
    """
    url = f"{host}/api/datasets/:persistentId?persistentId=doi:{doi}"
    answer = client.json(url, f"the files of doi:{doi}")
    repository = DataverseRepository(doi, host)
    repository.api_response = _Answer(answer)
    registry = pooch.create(path="", base_url=f"doi:{doi}")
    try:
        repository.populate_registry(registry)
        listed = [entry["dataFile"] for entry in answer["data"]["latestVersion"]["files"]]
        remotes = {
            _name(entry): _remote(
                entry, repository.download_url(entry["filename"]), registry.registry[entry["filename"]]
            )
            for entry in listed
        }
    except (KeyError, TypeError) as error:
        raise DownloadError(f"{host}: the record doi:{doi} is not as expected ({error!r})") from None
    lacking = [name for name in names if name not in remotes]
    if lacking:
        raise DownloadError(f"{host}: the record doi:{doi} has no file {', '.join(lacking)} any more")
    return [remotes[name] for name in names]


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer that is here already, as pooch asks for it."""

    content: Any

    def json(self) -> Any:
        return self.content


def _name(entry: Mapping[str, Any]) -> str:
    path = PurePosixPath(entry["filename"])
    return path.name if path.suffix == ".zip" else path.stem


def _remote(entry: Mapping[str, Any], url: str, checksum: str) -> Remote:
    """A file as it was uploaded.

    Of a table, a Dataverse gives out a copy that it made; the checksum is that of the upload
    (guides.dataverse.org, Data Access API, ``format=original``).
    """
    name = _name(entry) if _name(entry).endswith(".zip") else f"{_name(entry)}.csv"
    if "originalFileFormat" not in entry:
        return Remote(name, url, entry["filesize"], checksum)
    # The published size of an original was found to be wrong (IQSS/dataverse, issue 5321).
    return Remote(name, f"{url}?format=original", None, checksum)
