"""Download a data set into a folder, or complete what an earlier call left there."""

import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from dermdistill.download import bars
from dermdistill.download.client import WRONG, Client, DownloadError, Remote
from dermdistill.download.collection import fetch_collection
from dermdistill.download.completeness import Completeness, completeness_of
from dermdistill.download.dataverse import list_files
from dermdistill.download.ledger import Ledger, LedgerEntry, opened
from dermdistill.download.notice import NOTICE, notice
from dermdistill.download.published import ChallengeFiles, DataverseFiles, Hosts, IsicCollection, Published
from dermdistill.download.unpack import DamagedArchiveError, members, unpack
from dermdistill.files import write_text
from dermdistill.progress import say


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call of ``download`` leaves.

    Attributes:
        completeness: images against tables.
        damaged: files of an earlier call that had changed; they were set aside.
        extra_files: files of the folder that are not of the data set.
        failures: a line for each file that did not come.
    """

    completeness: Completeness
    damaged: tuple[str, ...]
    extra_files: tuple[str, ...]
    failures: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether all files came, and every image of the tables is there."""
        return not self.failures and not self.completeness.missing


def download(published: Published, folder: Path, hosts: Hosts, client: Client) -> Outcome:
    """Fetch all that is not in ``folder`` yet; nothing else there is touched.

    Every file that an earlier call wrote is read again and compared with what it was then.

    Raises:
        UserError: the folder is not one of this data set, cannot be written, or no server can be reached.
    """
    with opened(folder, published.name) as ledger:
        whole, damaged = _verify(ledger)
        _write_notice(published, ledger, whole)
        origin = published.origin
        if isinstance(origin, IsicCollection):
            failures = fetch_collection(origin, hosts.isic_api, client, ledger, whole)
        else:
            failures = _fetch_files(origin, hosts, client, ledger, whole)
        outcome = Outcome(
            completeness_of(folder, whole, published.without_file),
            tuple(damaged),
            tuple(ledger.extra_files()),
            tuple(failures),
        )
        if outcome.is_complete:
            shutil.rmtree(ledger.work, ignore_errors=True)
        return outcome


def _verify(ledger: Ledger) -> tuple[set[str], list[str]]:
    """The files of earlier calls that are whole, and those that were not and are set aside."""
    names = ledger.names()
    whole: set[str] = set()
    damaged: list[str] = []
    with bars.counting_bar("Checking files", "file", len(names)) as advance:
        for name in names:
            if ledger.is_whole(name):
                whole.add(name)
            elif ledger.set_aside(name):
                damaged.append(name)
            advance(1)
    return whole, damaged


def _write_notice(published: Published, ledger: Ledger, whole: set[str]) -> None:
    if NOTICE not in whole:
        path = ledger.work / NOTICE
        write_text(path, notice(published))
        ledger.keep(path, NOTICE, NOTICE)
        whole.add(NOTICE)


def _fetch_files(
    origin: DataverseFiles | ChallengeFiles, hosts: Hosts, client: Client, ledger: Ledger, whole: set[str]
) -> list[str]:
    """Fetch the archives and tables that are not whole; a line for each that does not come."""
    pending = [name for name in origin.names if not _is_whole(ledger.names(parcel=name), whole)]
    failures: list[str] = []
    for parcel, remote in _remotes(origin, pending, hosts, client):
        try:
            if parcel.endswith(".zip"):
                left_packed = origin.left_packed if isinstance(origin, ChallengeFiles) else None
                _fetch_archive(remote, left_packed, client, ledger, whole)
            else:
                _fetch_table(remote, client, ledger, whole, parcel)
        except DownloadError as error:
            failures.append(str(error))
            say(str(error))
    return failures


def _is_whole(names: Sequence[str], whole: Collection[str]) -> bool:
    return bool(names) and all(name in whole for name in names)


def _remotes(
    origin: DataverseFiles | ChallengeFiles, pending: Sequence[str], hosts: Hosts, client: Client
) -> list[tuple[str, Remote]]:
    if not pending:
        return []
    if isinstance(origin, DataverseFiles):
        return list(zip(pending, list_files(origin.doi, pending, hosts.dataverse, client), strict=True))
    return [(name, Remote(name, f"{hosts.challenges}/{origin.folder}/{name}")) for name in pending]


def _fetch_table(remote: Remote, client: Client, ledger: Ledger, whole: set[str], parcel: str) -> None:
    path = ledger.work / remote.name
    with bars.transfer(remote.name) as position:
        client.fetch(remote, path, position)
    ledger.keep(path, remote.name, parcel)
    whole.add(remote.name)
    say(f"{remote.name}: fetched")


def _fetch_archive(
    remote: Remote, left_packed: str | None, client: Client, ledger: Ledger, whole: set[str]
) -> None:
    """Fetch an archive, unpack what is not whole, and remove the archive."""
    path = ledger.work / remote.name
    for tried in range(1, WRONG + 1):
        if not path.exists():
            with bars.transfer(remote.name) as position:
                client.fetch(remote, path, position)
        try:
            count = _unpack(path, left_packed, ledger, whole)
        except DamagedArchiveError as error:
            path.unlink()
            if tried == WRONG:
                raise DownloadError(f"{error}; tried {tried} times; repeat the command to go on") from None
            say(f"{error}; fetching it again")
        except DownloadError:
            path.unlink()
            raise
        else:
            path.unlink()
            say(f"{remote.name}: fetched, files unpacked: {count:,}")
            return


def _unpack(path: Path, left_packed: str | None, ledger: Ledger, whole: set[str]) -> int:
    files = members(path, left_packed)
    ledger.claim({name: LedgerEntry(info.file_size, info.CRC, path.name) for name, info in files.items()})
    lacking = {name: info for name, info in files.items() if name not in whole}
    with bars.counting_bar(
        f"Unpacking {path.name}", "B", sum(info.file_size for info in lacking.values())
    ) as advance:
        unpack(path, lacking, ledger.folder, ledger.work, advance)
    whole.update(files)
    return len(lacking)
