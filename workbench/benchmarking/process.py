"""A variant's process, controlled from the benchmark's."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from workbench import places
from workbench.benchmarking.interleaving import Milliseconds, Served
from workbench.benchmarking.request import Request, TimedAnswer
from workbench.benchmarking.variants import Variant
from workbench.errors import BenchmarkError, RefusedError
from workbench.local.child_process import ChildProcess
from workbench.local.container.serving_container import reason_in_log


class VariantProcess:
    """A process that runs one variant, and the workers that it forks."""

    def __init__(self, variant: Variant, program: ChildProcess, commands: Connection) -> None:
        self.variant = variant
        self._program = program
        self._commands = commands
        self._workers: list[int] = []

    @classmethod
    @contextmanager
    def start(cls, variant: Variant, *, threads: int) -> Iterator[VariantProcess]:
        """Start the process, which has not loaded the model yet, and end it.

        Args:
            variant: what it runs.
            threads: threads of the engine.
        """
        with tempfile.TemporaryDirectory(prefix="ipc-ai-saas-") as work:
            folder = Path(work)
            ours, its = socket.socketpair()
            with (
                Connection(ours.detach()) as commands,
                its,
                ChildProcess(
                    [sys.executable, "-m", "workbench.benchmarking.program", str(its.fileno())],
                    environment=_environment(variant, threads=threads, folder=folder),
                    directory=places.REPOSITORY,
                    log=folder / "serving.log",
                    inherited_files=[its.fileno()],
                ) as program,
            ):
                its.close()  # so that this end closes when the program ends
                yield cls(variant, program, commands)

    @property
    def pids(self) -> list[int]:
        """Process ids of the process and its workers."""
        return [self._program.pid, *self._workers]

    def load(self, request: Request, *, before_fork: bool = False) -> None:
        """Load the model and take the request that is to be timed.

        Args:
            request: what is served in every run.
            before_fork: load only where the server would do so before it forks workers.

        Raises:
            BenchmarkError: the model does not load, with the reason.
        """
        self._ask("load", before_fork)
        self._ask("take", request.body, request.content_type)

    def run(self) -> Milliseconds:
        """Serve the request once.

        Raises:
            BenchmarkError: it was refused, or the process ended.
        """
        timed: Milliseconds = self._ask("run")
        return timed

    def answer(self, request: Request) -> bytes:
        """Body of the answer that a client would get."""
        body: bytes = self._ask("answer", request.body, request.content_type)
        return body

    def timed_answer(self, request: Request) -> TimedAnswer:
        """Answer that a client would get, with its time.

        Raises:
            RefusedError: the serving program refuses the request.
            BenchmarkError: the process ended.
        """
        return TimedAnswer(*self._ask("timed answer", request.body, request.content_type))

    def hire(self, *, warm_up: int) -> None:
        """Add a worker, which serves the request ``warm_up`` times before it is ready."""
        self._workers.append(self._ask("hire", warm_up))

    def keep_busy(self, workers: int, seconds: float) -> Served:
        """Keep so many workers busy: how many requests each served, and in how many seconds."""
        served: Served = self._ask("keep busy", workers, seconds)
        return served

    def _ask(self, *command: Any) -> Any:
        try:
            self._commands.send(command)
            outcome, value = self._commands.recv()
        except (EOFError, OSError) as error:
            raise BenchmarkError(f"the process of {self.variant.name} ended; {self._program.last_words}") from error
        if outcome == "refused":
            said = reason_in_log(self._program) if "container's log" in value else value
            raise RefusedError(f"{self.variant.name}: {said}")
        return value


def _environment(variant: Variant, *, threads: int, folder: Path) -> dict[str, str]:
    """Return the environment of the serving container, with the engines' variables as in gunicorn.conf.py."""
    store, nothing = folder / "models", folder / "model"
    store.mkdir()
    nothing.mkdir()
    variant.put_into(store)
    path = [str(places.REPOSITORY), str(places.SERVING_SOURCES), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "APPLICATION_TYPE": variant.application,
        "MODEL_NAME": variant.model_name,
        "MODEL_STORE": str(store),
        "SM_MODEL_DIR": str(nothing),
        **tuning(threads),
    }


def tuning(threads: int) -> dict[str, str]:
    """Environment variables that engines read at import, as in gunicorn.conf.py."""
    return {"OMP_NUM_THREADS": str(threads), "MXNET_SUBGRAPH_BACKEND": "NONE", "ORT_DISABLE_TELEMETRY": "1"}
