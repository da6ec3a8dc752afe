"""Cores that this program may use: those that it may run on, but no more than its CPU quota pays for.

``docker run --cpus``, Kubernetes' limits and Fargate set a quota of cgroups, which the system's list of cores leaves
out. Threads beyond a quota spend it sooner, and then all of them stand still for the rest of a tenth of a second.
Files: cgroups(7); the kernel's admin-guide, cgroup-v2 (``cpu.max``) and scheduler/sched-bwc (``cpu.cfs_quota_us``).
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from pathlib import Path

_VERSION_1, _VERSION_2 = "cgroup", "cgroup2"  # their file systems
_CONTROLLER = "cpu"


def count(root: Path = Path("/")) -> int:
    """Count them, a part of a core as a whole one.

    Args:
        root: where ``proc`` and the mounts of cgroups are.
    """
    cores = len(os.sched_getaffinity(0))
    quotas = [quota for group in _groups(root) if (quota := _quota(group)) is not None]
    return max(1, min(cores, *(math.ceil(quota) for quota in quotas))) if quotas else cores


def _quota(group: Path) -> float | None:
    """Cores that a group's quota pays for; None where it has none."""
    with contextlib.suppress(OSError, ValueError):  # "max" is no number
        quota, period = (group / "cpu.max").read_text().split()[:2]
        return int(quota) / int(period)
    with contextlib.suppress(OSError, ValueError):
        microseconds = int((group / "cpu.cfs_quota_us").read_text())  # -1 without a quota
        period = (group / "cpu.cfs_period_us").read_text()
        return microseconds / int(period) if microseconds > 0 else None
    return None


def _groups(root: Path) -> Iterator[Path]:
    """This process's groups and those around them, which limit it too, as far as they are mounted."""
    own = dict(_own_groups(root))
    for line in _lines(root / "proc/self/mountinfo"):
        mount, _, filesystem = line.partition(" - ")
        kind, _, options = filesystem.partition(" ")
        if kind not in own or (kind == _VERSION_1 and _CONTROLLER not in options.split()[-1].split(",")):
            continue
        mounted, point = mount.split()[3:5]
        top = root / point.lstrip("/")
        # A container may see only its own group, under another path than the one by which it is called outside.
        inside = Path(own[kind]).relative_to(mounted) if Path(own[kind]).is_relative_to(mounted) else Path()
        yield from (top / part for part in (inside, *inside.parents))


def _own_groups(root: Path) -> Iterator[tuple[str, str]]:
    """The type of file system and the path of this process's group, in version 2 and in version 1 of cgroups."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if not controllers:
            yield _VERSION_2, path
        elif _CONTROLLER in controllers.split(","):
            yield _VERSION_1, path


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:  # there are systems without it
        return []
