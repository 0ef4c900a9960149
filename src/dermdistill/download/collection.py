"""A collection of the ISIC Archive as a folder of images and a table of their metadata."""

import csv
import io
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from dermdistill.download import bars
from dermdistill.download.client import Client, DownloadError, Remote
from dermdistill.download.isic_api import pages
from dermdistill.download.ledger import Ledger, LedgerEntry
from dermdistill.download.published import IsicCollection
from dermdistill.files import write_text

TABLE = "metadata.csv"
"""As the archive calls it in its own exports."""

_IMAGES = "images"
_AT_ONCE = 4


def fetch_collection(
    origin: IsicCollection, host: str, client: Client, ledger: Ledger, whole: set[str]
) -> list[str]:
    """Fetch the images and the table that are not whole; a line for each image that does not come.

    ``whole`` gains what came. The table is written last: it says that the list was read to its end.
    """
    if TABLE in whole and all(name in whole for name in ledger.names(_IMAGES)):
        return []
    rows: list[Mapping[str, str]] = []
    failures: list[str] = []
    with bars.counting_bar(f"Collection {origin.number}", "image", None) as advance:
        for page in pages(origin, host, client):
            advance(0, page.total)
            rows += [image.row for image in page.images]
            wanted = [image.remote for image in page.images if image.remote.name not in whole]
            ledger.claim({remote.name: LedgerEntry(remote.size or 0, None, _IMAGES) for remote in wanted})
            failures += _fetch(wanted, client, ledger, whole)
            advance(len(page.images))
    _write_table(rows, ledger, whole)
    return failures


def _fetch(wanted: Sequence[Remote], client: Client, ledger: Ledger, whole: set[str]) -> list[str]:
    def fetch(remote: Remote) -> str | None:
        path = ledger.work / remote.name.rpartition("/")[2]
        try:
            client.fetch(remote, path, lambda done, total: None)
        except DownloadError as error:
            return str(error)
        ledger.settle(path, remote.name)
        return None

    if not wanted:
        return []
    try:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            outcomes = list(pool.map(fetch, wanted))
    finally:
        ledger.save()
    whole.update(remote.name for remote, failure in zip(wanted, outcomes, strict=True) if failure is None)
    return [failure for failure in outcomes if failure is not None]


def _write_table(rows: Sequence[Mapping[str, str]], ledger: Ledger, whole: set[str]) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path = ledger.work / TABLE
    write_text(path, text.getvalue())
    ledger.keep(path, TABLE, TABLE)
    whole.add(TABLE)
