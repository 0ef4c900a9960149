"""Cores of a process in a made-up file system: affinity, and quotas of control groups of both versions."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from dermdistill.cores import default_workers, process_cores

V2_MOUNT = "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
V1_MOUNT = "33 25 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct"
V1_MEMORY = "34 25 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory"


def system(root: Path, *, groups: str, mounts: str, files: Mapping[str, str]) -> Path:
    content = {"proc/self/cgroup": groups, "proc/self/mountinfo": mounts, **files}
    for name, text in content.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")
    return root


def unified(root: Path, **files: str) -> Path:
    """Version 2; the process is in ``/jobs/one``, and ``files`` are the quotas of each group's last part."""
    folders = {"top": "sys/fs/cgroup", "jobs": "sys/fs/cgroup/jobs", "one": "sys/fs/cgroup/jobs/one"}
    quotas = {f"{folders[name]}/cpu.max": text for name, text in files.items()}
    return system(root, groups="0::/jobs/one", mounts=V2_MOUNT, files=quotas)


@pytest.mark.parametrize(
    ("quotas", "cores"),
    [
        ({}, 32),
        ({"one": "max 100000"}, 32),
        ({"one": "100000 100000"}, 1),
        ({"one": "50000 100000"}, 1),
        ({"one": "150000 100000"}, 2),
        ({"one": "6400000 100000"}, 32),
        ({"one": "max 100000", "jobs": "300000 100000"}, 3),
        ({"one": "400000 100000", "jobs": "200000 100000", "top": "max 100000"}, 2),
        ({"one": "100000 100000", "jobs": "800000 100000"}, 1),
        ({"one": "nonsense"}, 32),
        ({"one": ""}, 32),
        ({"one": "100000 0"}, 32),
    ],
)
def test_quotas_of_version_2_and_of_the_groups_above(
    quotas: dict[str, str], cores: int, tmp_path: Path
) -> None:
    assert process_cores(affinity=32, root=unified(tmp_path, **quotas)) == cores


@pytest.mark.parametrize(("quota", "cores"), [("-1", 32), ("100000", 1), ("250000", 3)])
def test_a_quota_of_version_1(quota: str, cores: int, tmp_path: Path) -> None:
    folder = "sys/fs/cgroup/cpu,cpuacct/slurm/job"
    root = system(
        tmp_path,
        groups="5:memory:/slurm/other\n4:cpu,cpuacct:/slurm/job\n0::/",
        mounts=f"{V1_MEMORY}\n{V1_MOUNT}",
        files={f"{folder}/cpu.cfs_quota_us": quota, f"{folder}/cpu.cfs_period_us": "100000"},
    )
    assert process_cores(affinity=32, root=root) == cores


def test_both_versions_side_by_side(tmp_path: Path) -> None:
    cpu, both = "sys/fs/cgroup/cpu", "sys/fs/cgroup/unified"
    root = system(
        tmp_path,
        groups="2:cpu:/a\n0::/b",
        mounts=f"1 0 0:1 / /{cpu} rw - cgroup cgroup rw,cpu\n2 0 0:2 / /{both} rw - cgroup2 cgroup2 rw",
        files={
            f"{cpu}/a/cpu.cfs_quota_us": "600000",
            f"{cpu}/a/cpu.cfs_period_us": "100000",
            f"{both}/b/cpu.max": "500000 100000",
        },
    )
    assert process_cores(affinity=32, root=root) == 5


@pytest.mark.parametrize(
    ("group", "file"),
    [
        ("/docker/c0ffee", "sys/fs/cgroup/cpu,cpuacct"),
        ("/docker/c0ffee/inner", "sys/fs/cgroup/cpu,cpuacct/inner"),
        ("/of/the/host", "sys/fs/cgroup/cpu,cpuacct"),
    ],
)
def test_a_container_sees_only_its_own_groups(group: str, file: str, tmp_path: Path) -> None:
    root = system(
        tmp_path,
        groups=f"4:cpu,cpuacct:{group}",
        mounts=V1_MOUNT.replace(" / ", " /docker/c0ffee ", 1),
        files={f"{file}/cpu.cfs_quota_us": "200000", f"{file}/cpu.cfs_period_us": "100000"},
    )
    assert process_cores(affinity=32, root=root) == 2


def test_mount_points_with_blanks(tmp_path: Path) -> None:
    mount = V2_MOUNT.replace("/sys/fs/cgroup", "/my\\040groups")
    root = system(tmp_path, groups="0::/", mounts=mount, files={"my groups/cpu.max": "300000 100000"})
    assert process_cores(affinity=32, root=root) == 3


@pytest.mark.parametrize("mounts", ["", "not such a file", "1 2 - x"])
def test_without_control_groups_the_affinity_counts(mounts: str, tmp_path: Path) -> None:
    assert process_cores(affinity=3, root=tmp_path / "nothing") == 3
    assert process_cores(affinity=3, root=system(tmp_path, groups="??", mounts=mounts, files={})) == 3


def test_the_affinity_is_asked_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 32)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    assert process_cores(root=tmp_path) == 2
    monkeypatch.delattr(os, "sched_getaffinity")
    assert process_cores(root=tmp_path) == 32
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert process_cores(root=tmp_path) == 1


@pytest.mark.parametrize(
    ("chosen", "workers"), [("3", 3), (" 3 ", 3), ("4,2", 4), ("", 7), ("0", 7), ("-1", 7), ("many", 7)]
)
def test_the_users_number_of_threads_comes_first(
    chosen: str, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dermdistill.cores.process_cores", lambda: 7)
    assert default_workers({"OMP_NUM_THREADS": chosen}) == workers
    assert default_workers({}) == 7
