"""Program in a process group of its own, which ends with all that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_STOP_SECONDS = 2
_LOOK_SECONDS = 0.02


def run(command: Sequence[str], *, directory: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, with its output captured. Where this process is to end before, all of the group ends.

    Ctrl-C of a terminal reaches this process alone, so nothing but this ends the group.
    """
    with subprocess.Popen(
        list(command),
        cwd=directory,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            stdout, stderr = process.communicate()
        except BaseException:
            _end(process)
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def _end(process: subprocess.Popen[str]) -> None:
    """End the group by SIGTERM, and what is left of it by SIGKILL; wait until it is gone."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        deadline = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < deadline:
            process.poll()  # a leader that has ended is of the group until then
            if not _is_there(process.pid):
                return
            time.sleep(_LOOK_SECONDS)


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
