"""What a process and its children cost, as Linux tells it in ``/proc``."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_PROC = Path("/proc")


def processor_seconds(root: int) -> float:
    """Processor time that a process and its children, and theirs, have used so far."""
    seconds = 0.0
    for process in _family(root):
        with contextlib.suppress(OSError):  # it has ended
            fields = _fields(process)
            seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def memory_mib(root: int) -> float:
    """Memory of a process and its children, and theirs: a page that n of them share counts once in the sum."""
    kilobytes = 0
    for process in _family(root):
        with contextlib.suppress(OSError):
            # Pss: of a page that n processes share it counts a nth for each; proc(5).
            lines = (_PROC / str(process) / "smaps_rollup").read_text().splitlines()
            kilobytes += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024


def _family(root: int) -> set[int]:
    parents: dict[int, int] = {}
    for entry in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(entry.name)] = int(_fields(int(entry.name))[1])
    found = {root}
    while more := {process for process, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _fields(process: int) -> list[str]:
    """Of ``/proc/PID/stat``, from the third on. The name before them stands in brackets and may hold anything."""
    return (_PROC / str(process) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
