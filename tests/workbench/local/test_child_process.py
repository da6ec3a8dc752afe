from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from workbench.local.child_process import ChildProcess

pytestmark = pytest.mark.processes


def test_what_a_program_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    """For example a pip that a killed serving program had started, which would go on filling the disk."""
    script = f"sleep 300 & echo $! > {tmp_path}/left; exec sleep 300"
    with ChildProcess(["sh", "-c", script], environment=os.environ, directory=tmp_path, log=tmp_path / "log") as child:
        deadline = time.monotonic() + 10
        while not (tmp_path / "left").exists() or not (tmp_path / "left").read_text().strip():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(child.pid, 9)
    left = Path("/proc", (tmp_path / "left").read_text().strip(), "stat")
    while left.exists() and left.read_text().split()[2] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.02)
