"""How much memory a process has for itself, and how much it shares with others."""

from __future__ import annotations

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
