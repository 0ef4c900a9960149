"""Images of a collection of the ISIC Archive, through its public API (api.isic-archive.com/api/v2)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dermdistill.download.client import Client, DownloadError, Remote
from dermdistill.download.published import IsicCollection
from dermdistill.errors import printable

_PAGE = 100
"""The most that the server puts on a page."""


_ID = re.compile(r"ISIC_\d{1,12}")


@dataclass(frozen=True, slots=True)
class ListedImage:
    """An image of the archive: its row of metadata, and where its file is for the next hour or so."""

    row: Mapping[str, str]
    remote: Remote


@dataclass(frozen=True, slots=True)
class ListPage:
    """Some images, and how many there are on all pages, which only the first page says."""

    images: Sequence[ListedImage]
    total: int | None


def pages(origin: IsicCollection, host: str, client: Client) -> Iterator[ListPage]:
    """All images of a collection, page by page: the addresses of the files expire.

    Raises:
        DownloadError: a page does not come, or is not as expected.
    """
    what = f"the list of collection {origin.number}"
    url: str | None = f"{host}/images/search/?collections={origin.number}&limit={_PAGE}"
    while url is not None:
        answer = client.json(url, what)
        try:
            images = [_image(entry) for entry in answer["results"]]
            url, total = answer["next"], answer["count"]
        except (KeyError, TypeError) as error:
            raise DownloadError(f"{host}: {what} is not as expected ({error!r})") from None
        yield ListPage(images, total)


def _image(entry: Mapping[str, Any]) -> ListedImage:
    image_id, file = entry["isic_id"], entry["files"]["full"]
    if not _ID.fullmatch(image_id):
        raise DownloadError(
            f"{printable(image_id)}: is not an id of the ISIC Archive; nothing is written under it"
        )
    row = {
        "isic_id": image_id,
        "attribution": entry["attribution"],
        "copyright_license": entry["copyright_license"],
    }
    for group in entry["metadata"].values():
        row |= {column: "" if cell is None else str(cell) for column, cell in group.items()}
    return ListedImage(row, Remote(f"images/{image_id}.jpg", file["url"], file["size"]))
