"""How much memory processes take, as Linux tells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path


def peak_mib(pid: int) -> float:
    """The most memory that a process has had in use at once so far, ``VmHWM`` of proc(5), in MiB."""
    return _mib(Path(f"/proc/{pid}/status"), "VmHWM")


def together_mib(pids: Iterable[int]) -> float:
    """Memory of processes together in MiB, pages that several of them share counted once (``Pss`` of proc(5))."""
    return round(sum(_mib(Path(f"/proc/{pid}/smaps_rollup"), "Pss") for pid in pids), 1)


def _mib(file: Path, name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+) kB$", file.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return round(int(found[1]) / 1024, 1)
