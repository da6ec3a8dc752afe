"""Processor time and memory of processes, from Linux's ``/proc`` (proc(5))."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

_PROC = Path("/proc")


def processor_seconds(root: int) -> float:
    """Processor time that a process and its children, and theirs, have used so far."""
    seconds = 0.0
    for process in family(root):
        with contextlib.suppress(OSError):  # it has ended
            fields = _fields(process)
            seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def memory_mib(root: int) -> float:
    """Memory of a process and its children, and theirs: a page that n of them share counts once in the sum."""
    return together_mib(family(root))


def together_mib(processes: Iterable[int]) -> float:
    """Memory of processes together, without those that have ended: a page that n of them share counts once."""
    kilobytes = 0
    for process in processes:
        with contextlib.suppress(OSError):
            kilobytes += _kilobytes(process, "smaps_rollup", "Pss")  # a nth for each of n that share a page
    return round(kilobytes / 1024, 1)


def peak_mib(process: int) -> float:
    """The most memory that a process has had in use at once so far.

    Raises:
        OSError: it has ended.
    """
    return round(_kilobytes(process, "status", "VmHWM") / 1024, 1)


def _kilobytes(process: int, file: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", (_PROC / str(process) / file).read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1])


def family(root: int) -> set[int]:
    """Ids of a process, its children, and theirs."""
    parents: dict[int, int] = {}
    for entry in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(entry.name)] = int(_fields(int(entry.name))[1])
    found = {root}
    while more := {process for process, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _fields(process: int) -> list[str]:
    """Fields of ``/proc/PID/stat`` from the third on. The name before them stands in brackets and may hold anything."""
    return (_PROC / str(process) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
