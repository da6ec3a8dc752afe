from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench.template import process_group

pytestmark = pytest.mark.processes


def test_output_and_exit_code(tmp_path: Path) -> None:
    ended = process_group.run(
        ["sh", "-c", "pwd; echo $A >&2; exit 3"], directory=tmp_path, environment={**os.environ, "A": "é"}
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, f"{tmp_path}\n", "é\n")


@pytest.mark.parametrize(
    "script", ["sleep 300 & echo $! > left; wait", "trap '' TERM; sleep 300 & echo $! > left; wait"]
)
def test_all_that_it_started_ends_with_the_caller(tmp_path: Path, script: str) -> None:
    caller = (
        "import os, sys; from pathlib import Path; from workbench.template import process_group\n"
        "process_group.run(['sh', '-c', sys.argv[1]], directory=Path(sys.argv[2]), environment=os.environ)"
    )
    with subprocess.Popen([sys.executable, "-c", caller, script, str(tmp_path)], stderr=subprocess.DEVNULL) as process:
        left = tmp_path / "left"
        deadline = time.monotonic() + 10
        while not left.exists() or not left.read_text().strip():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        process.wait(10)
    status = Path("/proc", left.read_text().strip(), "stat")
    assert not status.exists() or status.read_text().split()[2] == "Z"
