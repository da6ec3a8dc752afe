"""How much memory a process has for itself, how much it shares with others, and how much there is."""

from __future__ import annotations

import os
from pathlib import Path


def of_process(pid: int | str = "self") -> dict[str, float]:
    """Memory of a process in MiB, from Linux's ``/proc/PID/smaps_rollup``.

    Returns:
        ``private_mib``: pages that no other process has, so what the process costs. ``shared_mib``: pages that it
        has in common with others, of libraries and of models loaded before it was forked. Empty where the system
        does not tell.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    kilobytes = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}

    def mib(kind: str) -> float:
        return round((kilobytes.get(f"{kind}_Clean", 0) + kilobytes.get(f"{kind}_Dirty", 0)) / 1024, 1)

    return {"private_mib": mib("Private"), "shared_mib": mib("Shared")}


_LIMITS = ("memory.max", "memory/memory.limit_in_bytes")


def limit(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes of memory that the machine has, or that the container may have, of cgroups of either version."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in _LIMITS:
        try:
            found.append(int((cgroup / name).read_text()))
        except (OSError, ValueError):  # there is no such file, or it says "max"
            continue
    return min(found)
