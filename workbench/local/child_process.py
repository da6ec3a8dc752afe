"""Child process of the workbench, with its output in a log file, stopped by its own pid."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

_STOP_SECONDS = 4
_TAIL_LINES = 15
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of linux/prctl.h


def _end_with_parent() -> None:
    """Have the kernel end the child when the workbench is killed, because the workbench cannot do so then."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


class ChildProcess:
    """Running program; a context manager that ends it: SIGTERM, then SIGKILL after 4 seconds, or sooner.

    Processes that it started and left behind are killed then.

    It has a session of its own, so that Ctrl-C in the terminal reaches only the workbench. The workbench then stops
    its children in order.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        directory: Path,
        log: Path,
        inherited_files: Sequence[int] = (),
    ) -> None:
        self.name = Path(command[0]).name if command[0] != sys.executable else command[2]
        self._log = log
        self._stop_by = math.inf
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                list(command),
                env=dict(environment),
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=tuple(inherited_files),
                preexec_fn=_end_with_parent,
            )

    @property
    def failure(self) -> str | None:
        """Message for a program that has ended by itself; None while it runs."""
        if self.running:
            return None
        return f"{self.name} ended by itself ({self._process.returncode}); {self.last_words}"

    @property
    def running(self) -> bool:
        """Return whether it has not ended."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def last_words(self) -> str:
        """Half a sentence with the last line of its log that is not empty."""
        lines = (line.strip() for line in reversed(self.log_tail().splitlines()))
        return f"its log ends with: {next((line for line in lines if line), '(nothing)')}"

    def log_tail(self) -> str:
        """Last lines of its log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])

    def end_within(self, seconds: float) -> None:
        """Have it begin to end, and limit the time that it gets for that from now on."""
        self._process.terminate()
        self._stop_by = time.monotonic() + seconds

    def __enter__(self) -> ChildProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0, min(_STOP_SECONDS, self._stop_by - time.monotonic())))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
