"""How many cores this process may use, which on a shared machine or in a container are fewer than it has."""

import math
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

_OCTAL = re.compile(r"\\([0-7]{3})")


def default_workers(environment: Mapping[str, str] = os.environ) -> int:
    """Workers side by side where the user does not say: ``OMP_NUM_THREADS``, else one a core."""
    # A list is for nested parallel regions, of which there are none here.
    chosen = environment.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(chosen) if chosen.isdecimal() and int(chosen) > 0 else process_cores()


def process_cores(*, affinity: int | None = None, root: Path = Path("/")) -> int:
    """Cores of this process, at least 1: those that it is bound to, or fewer where a quota gives less time.

    A quota of one and a half cores counts as two, so that all of it can be used.

    Args:
        affinity: cores that the process is bound to; asked of the system unless given.
        root: where ``proc`` and the cgroup file systems lie.
    """
    bound = _affinity() if affinity is None else affinity
    return max(1, min([bound, *(math.ceil(quota) for quota in _quotas(root))]))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS and Windows bind no process to cores unless it asks


class _Mount(NamedTuple):
    """A cgroup file system: the group at its top, where that lies, and whether it is of version 2."""

    top: PurePosixPath
    path: Path
    unified: bool


def _quotas(root: Path) -> Iterator[float]:
    """Cores' worth of time that each control group of this process may use: its own and all above it."""
    group_of = _groups(root)
    for mount in _mounts(root):
        group = group_of.get(mount.unified)
        if group is None:
            continue
        # In a container the group's path may be the host's, while only its own groups are mounted.
        inside = group.relative_to(mount.top) if group.is_relative_to(mount.top) else PurePosixPath()
        for part in (inside, *inside.parents):
            quota = (_quota_2 if mount.unified else _quota_1)(mount.path / part)
            if quota is not None:
                yield quota


def _groups(root: Path) -> dict[bool, PurePosixPath]:
    """The control group of this process in version 2 (True), and that of version 1 for ``cpu`` (False)."""
    groups: dict[bool, PurePosixPath] = {}
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            groups[True] = PurePosixPath(path)
        elif "cpu" in controllers.split(","):
            groups[False] = PurePosixPath(path)
    return groups


def _mounts(root: Path) -> Iterator[_Mount]:
    """The cgroup file systems that can hold quotas (proc_pid_mountinfo(5))."""
    for line in _text(root / "proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        left, right = before.split(), after.split()
        if len(left) < 5 or len(right) < 3:
            continue
        kind, options = right[0], right[2].split(",")
        if kind == "cgroup2" or (kind == "cgroup" and "cpu" in options):
            yield _Mount(
                PurePosixPath(_plain(left[3])), root / _plain(left[4]).lstrip("/"), kind == "cgroup2"
            )


def _quota_2(group: Path) -> float | None:
    quota, _, period = _text(group / "cpu.max").strip().partition(" ")
    return _ratio(quota, period)


def _quota_1(group: Path) -> float | None:
    return _ratio(
        _text(group / "cpu.cfs_quota_us").strip(),  # -1 where there is none
        _text(group / "cpu.cfs_period_us").strip(),
    )


def _ratio(quota: str, period: str) -> float | None:
    if not (quota.isdecimal() and period.isdecimal()) or int(period) == 0:
        return None
    return int(quota) / int(period)


def _plain(escaped: str) -> str:
    """A path of mountinfo, where blanks and backslashes are octal numbers."""
    return _OCTAL.sub(lambda found: chr(int(found.group(1), 8)), escaped)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # not Linux, not mounted, or a group without this controller
