"""Cores by the system's list and by the CPU quota of a container, in folders that look like its /proc and /sys."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipc_ai_serving.scheduling import parallelism, usable_cores
from ipc_ai_serving.settings import Settings

_CGROUP2 = "31 24 0:27 {root} /sys/fs/cgroup rw,nosuid,nodev shared:9 - cgroup2 cgroup rw,nsdelegate"
_CGROUP = "35 31 0:31 {root} /sys/fs/cgroup/cpu,cpuacct ro,nosuid master:18 - cgroup cgroup rw,cpu,cpuacct"
_OTHERS = [
    "23 1 259:1 / / rw,noatime - ext4 /dev/root rw",
    "36 31 0:32 / /sys/fs/cgroup/cpuset ro - cgroup cgroup rw,cpuset",
]


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with 16 cores."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(16))


def _container(root: Path, *mounts: str, cgroup: str, files: dict[str, str]) -> Path:
    written = {"proc/self/mountinfo": "\n".join([*_OTHERS, *mounts]), "proc/self/cgroup": cgroup}
    for name, text in (written | {f"sys/fs/cgroup/{name}": text for name, text in files.items()}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{text}\n")
    return root


@pytest.mark.parametrize(
    ("cpu_max", "cores"),
    [
        ("200000 100000", 2),
        ("250000 100000", 3),
        ("50000 100000", 1),
        ("1000 1000000", 1),
        ("3200000 100000", 16),
        ("30000 10000", 3),
        ("max 100000", 16),
        ("", 16),
    ],
)
def test_a_quota_of_version_2_counts_as_cores(tmp_path: Path, cpu_max: str, cores: int) -> None:
    root = _container(tmp_path, _CGROUP2.format(root="/"), cgroup="0::/", files={"cpu.max": cpu_max})
    assert usable_cores.count(root) == cores


@pytest.mark.parametrize(("quota", "cores"), [(400_000, 4), (150_000, 2), (10_000, 1), (-1, 16)])
def test_a_quota_of_version_1_counts_as_cores(tmp_path: Path, quota: int, cores: int) -> None:
    files = {"cpu,cpuacct/cpu.cfs_quota_us": str(quota), "cpu,cpuacct/cpu.cfs_period_us": "100000"}
    lines = "11:cpuset:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/docker/abc"
    root = _container(tmp_path, _CGROUP.format(root="/docker/abc"), cgroup=lines, files=files)
    assert usable_cores.count(root) == cores


@pytest.mark.parametrize(
    ("mounted", "group", "files", "cores"),
    [
        ("/", "/kubepods/pod1/main", {"kubepods/pod1/main/cpu.max": "300000 100000"}, 3),
        ("/", "/kubepods/pod1/main", {"kubepods/pod1/cpu.max": "300000 100000"}, 3),
        (
            "/",
            "/kubepods/pod1/main",
            {"kubepods/pod1/cpu.max": "300000 100000", "kubepods/pod1/main/cpu.max": "max 100000"},
            3,
        ),
        (
            "/",
            "/kubepods/pod1/main",
            {"kubepods/pod1/cpu.max": "300000 100000", "kubepods/pod1/main/cpu.max": "900000 100000"},
            3,
        ),
        ("/docker/abc", "/docker/abc/worker", {"cpu.max": "500000 100000", "worker/cpu.max": "200000 100000"}, 2),
        ("/docker/abc", "/docker/abc/worker", {"cpu.max": "500000 100000"}, 5),
        ("/", "/seen/from/outside", {"cpu.max": "200000 100000"}, 2),
        ("/../../docker/abc", "/", {"cpu.max": "200000 100000"}, 2),
        ("/", "/other", {"another/cpu.max": "100000 100000"}, 16),
    ],
)
def test_the_least_quota_of_all_groups_around_counts(
    tmp_path: Path, mounted: str, group: str, files: dict[str, str], cores: int
) -> None:
    root = _container(tmp_path, _CGROUP2.format(root=mounted), cgroup=f"0::{group}", files=files)
    assert usable_cores.count(root) == cores


def test_both_versions_at_once(tmp_path: Path) -> None:
    files = {"cpu,cpuacct/cpu.cfs_quota_us": "600000", "cpu,cpuacct/cpu.cfs_period_us": "100000", "cpuset/cpu.max": "1"}
    mounts = _CGROUP.format(root="/"), "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw"
    root = _container(tmp_path, *mounts, cgroup="4:cpu,cpuacct:/\n0::/", files=files)
    assert usable_cores.count(root) == 6


def test_without_cgroups_all_cores_count(tmp_path: Path) -> None:
    assert usable_cores.count(tmp_path) == 16


def test_there_is_a_worker_for_each_core_of_the_quota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = _container(tmp_path, _CGROUP2.format(root="/"), cgroup="0::/", files={"cpu.max": "250000 100000"})
    count = usable_cores.count
    monkeypatch.setattr(usable_cores, "count", lambda: count(root))
    assert parallelism.fitted(Settings.from_environment({})).workers == 3
    assert parallelism.fitted(Settings.from_environment({"PROCESSOR": "gpu"})).engine_threads == 3
