"""Memory that a process has for itself, and that it shares with others."""

from __future__ import annotations

from pathlib import Path


def of_process(pid: int | str = "self") -> dict[str, float]:
    """Read the memory of a process in MiB from Linux's ``/proc/PID/smaps_rollup``.

    Returns:
        ``private_mib``: pages that no other process has, which are the cost of the process. ``shared_mib``: pages in
        common with others, of libraries and of models loaded before the fork. Empty where the system has no such file.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    kilobytes = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}

    def mib(kind: str) -> float:
        return round((kilobytes.get(f"{kind}_Clean", 0) + kilobytes.get(f"{kind}_Dirty", 0)) / 1024, 1)

    return {"private_mib": mib("Private"), "shared_mib": mib("Shared")}
