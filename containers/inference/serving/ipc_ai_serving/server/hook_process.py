"""The process of a user's own program, as its worker sees it."""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipc_ai_catalogue
import ipc_ai_serving
from ipc_ai_serving.hooks import wire
from ipc_ai_serving.hooks.messages import Outcome, Request

_LOOK_MILLISECONDS = 1000
_END_SECONDS = 2
# The program's own sources come last: a user's package of any of their names goes before them. With -P the folder of
# work is not on the path.
_SOURCES = [str(Path(package.__path__[0]).parent) for package in (ipc_ai_serving, ipc_ai_catalogue)]
_START = (
    f"import sys; ours = {_SOURCES!r}; sys.path[:] = [each for each in sys.path if each not in ours] + ours; "
    "from ipc_ai_serving.hooks.start import main; main()"
)

python = Path(sys.executable)
"""Interpreter of the processes: one with the user's packages, where there are any."""


class HookProcessEndedError(Exception):
    """The process has ended by itself."""


class HookProcess:
    """A process with a user's program, started with this object.

    It is a new one and not forked, because threads of this process do not survive a fork, and because users' packages
    are on its path alone. It has a session of its own: signals to the group of this one do not reach it.
    """

    def __init__(self) -> None:
        self._ours, its = wire.pair()
        self._incoming = select.poll()
        self._incoming.register(self._ours.fileno(), select.POLLIN)
        its_life, our_life = os.pipe()
        self._life = os.fdopen(our_life, "wb", buffering=0)
        numbers = its.fileno(), its_life
        self._process = subprocess.Popen(
            [str(python), "-P", "-c", _START, *map(str, numbers)],
            stdin=subprocess.DEVNULL,
            pass_fds=numbers,
            start_new_session=True,
        )
        its.close()
        os.close(its_life)

    @property
    def lives(self) -> bool:
        """Tell whether the process has not ended."""
        return self._process.poll() is None

    def loads(self) -> bool:
        """Wait until the model is loaded; False where it cannot be.

        Raises:
            HookProcessEndedError: the process ended instead.
        """
        loaded: bool = self._receive()[0]
        return loaded

    def outcome_of(self, request: Request, *, seconds: float) -> Outcome:
        """Have the program run its hooks over a request.

        Args:
            request: passed to the hooks.
            seconds: longest time until the answer; then the process is killed.

        Raises:
            HookProcessEndedError: the process ended before it had answered.
        """
        deadline = time.monotonic() + seconds
        with contextlib.suppress(OSError):  # it has ended, which shows in a moment
            wire.send(self._ours, replace(request, body=b""), request.body)
        outcome: Outcome
        outcome, body = self._receive(deadline)
        return replace(outcome, answer=outcome.answer._replace(body=body)) if outcome.answer else outcome

    def _receive(self, deadline: float = math.inf) -> tuple[Any, bytes]:
        try:
            while not self._incoming.poll(_LOOK_MILLISECONDS):
                if time.monotonic() > deadline:
                    self.kill()
                    raise HookProcessEndedError("the program gave no answer in time and was ended")
                if not self.lives and not self._incoming.poll(0):
                    raise EOFError  # while a process that it made holds the socket
            return wire.receive(self._ours)
        except (EOFError, OSError) as error:
            raise HookProcessEndedError(self._end()) from error

    def close(self) -> None:
        """Let the process end in its own way if it is idle, and kill what is left of it and of its own processes."""
        self._ours.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Kill the process and those that it made, in case they have not ended."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._life.close()

    def _end(self) -> str:
        """Say how it ended."""
        try:
            status = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:  # it has closed the socket
            self.kill()
            return "the program closed its socket to the worker"
        if status >= 0:
            return f"the program ended itself with exit code {status}"
        return f"the program was ended by {signal.Signals(-status).name}"
