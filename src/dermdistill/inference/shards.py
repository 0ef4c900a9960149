"""WebDataset shards: tar files of photographs, read from front to back."""

import tarfile
from collections.abc import Iterator
from typing import IO

from dermdistill.data.decoding.limits import MAX_FILE_BYTES
from dermdistill.data.images import IMAGE_SUFFIXES
from dermdistill.data.listing import is_hidden, is_unread, suffix
from dermdistill.errors import UserError, printable
from dermdistill.inference.remote import Fetched
from dermdistill.storage import open_storage

_PIECE = 1 << 20


def members(shard: str) -> Iterator[Fetched]:
    """The photographs in a shard, each named as fsspec does: ``tar://MEMBER::SHARD``.

    Other members, such as labels, are left out. A shard that breaks off gives an error of its own name last.
    """
    system, path = open_storage(shard)
    try:
        with (
            system.open(path, "rb", block_size=_PIECE) as handle,
            tarfile.open(fileobj=handle, mode="r|*") as archive,
        ):
            for member in archive:
                name = member.name.rsplit("/", 1)[-1]
                if member.isfile() and not is_hidden(name) and _is_photograph(name):
                    yield _read(archive, member, f"tar://{member.name}::{shard}")
    except (OSError, tarfile.TarError, EOFError) as error:
        reason = printable(" ".join(str(error).split())) or type(error).__name__
        yield Fetched(shard, error=f"{printable(shard)}: the shard cannot be read to its end ({reason})")


def _is_photograph(name: str) -> bool:
    return suffix(name) in IMAGE_SUFFIXES or is_unread(name)


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo, name: str) -> Fetched:
    if member.size > MAX_FILE_BYTES:
        limit = f"above the limit of {MAX_FILE_BYTES / 1e6:.0f} MB for one image"
        return Fetched(name, error=f"{printable(name)}: {limit}; save it compressed or scaled down")
    content: IO[bytes] | None = archive.extractfile(member)
    if content is None:
        raise UserError(f"{printable(name)}: cannot read the image (not a regular file)")
    return Fetched(name, content.read())
