"""The servers that are compared, each as its users start it, with a worker a core."""

from __future__ import annotations

import http.client
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbench import places, serving_program
from workbench.errors import StartError
from workbench.local.child_process import ChildProcess
from workbench.local.container import serving_environment
from workbench.local.servers.http_server import HOST
from workbench.measuring import processes
from workbench.speed import load
from workbench.speed.load import Address, Request

_START_SECONDS = 300.0
_POLL_SECONDS = 0.02
BENCH_PACKAGES = places.REPOSITORY / ".venv" / "bench"


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Attributes:
        address: where.
        process: its first process.
        start_seconds: from the start of that process to the first good answer.
    """

    address: Address
    process: ChildProcess
    start_seconds: float

    def memory_mib(self) -> float:
        """Memory of all its processes."""
        return processes.memory_mib(self.process.pid)

    def processor_seconds(self) -> float:
        """Processor time that it and its workers have used so far."""
        return processes.processor_seconds(self.process.pid)


@dataclass(frozen=True)
class Program:
    """Command and environment that start a server.

    Attributes:
        name: for logs.
        command: its words, followed by ``--bind fd://N``, or by ``--port N`` where it opens the port itself.
        environment: its variables.
        directory: where it starts.
        opens_port: true for servers that take no open socket.
    """

    name: str
    command: list[str]
    environment: Mapping[str, str]
    directory: Path
    opens_port: bool = False

    @contextmanager
    def running(self, request: Request, *, logs: Path) -> Iterator[Server]:
        """Start it, wait for its first good answer to ``request``, and stop it in the end.

        Raises:
            StartError: it ended, or did not answer within five minutes.
        """
        with socket.create_server((HOST, 0)) as listener:
            address = listener.getsockname()
            if self.opens_port:
                listener.close()
                where, inherited = ["--port", str(address[1])], []
            else:
                listener.set_inheritable(True)
                where, inherited = ["--bind", f"fd://{listener.fileno()}"], [listener.fileno()]
            begun = time.perf_counter()
            with ChildProcess(
                [*self.command, *where],
                environment=self.environment,
                directory=self.directory,
                log=logs / f"{self.name}.log",
                inherited_files=inherited,
            ) as process:
                listener.close()
                _wait_for_answer(process, address, request)
                yield Server(address, process, time.perf_counter() - begun)


def ours(application: str, model: str, store: Path, **environment: str) -> Program:
    """The serving program as the container starts it, with what it chooses for itself on this machine."""
    return Program(
        name=f"ours-{model}",
        command=[str(places.SERVING_PROGRAM / "serve")],
        environment={
            "PATH": serving_environment.path(),
            "PYTHONPATH": str(places.CATALOGUE),
            "MODEL_STORE": str(store.resolve()),
            "APPLICATION_TYPE": application,
            "MODEL_NAME": model,
            **environment,
        },
        directory=places.SERVING_PROGRAM,
    )


def plain(server: Path, models: Path, prefix: str, *, workers: int | None = None) -> Program:
    """The plain server: Flask under gunicorn's gevent workers, MXNet in each, as its own README starts it.

    Args:
        server: the folder with its ``server.py``.
        models: folder of MXNet symbols and parameters.
        prefix: of the files of one model.
        workers: processes; one a core by default.
    """
    count = workers or serving_program.usable_cores()
    return Program(
        name=f"plain-{prefix}",
        command=[
            *(sys.executable, "-m", "gunicorn", "-k", "gevent", "-w", str(count), "--timeout", "60"),
            *("--chdir", str(server), "server:app"),
        ],
        environment={
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
            "PYTHONPATH": str(BENCH_PACKAGES),
            "PYTHONDONTWRITEBYTECODE": "1",
            "MODEL_DIR": str(models),
            "MODEL_PREFIX": prefix,
        },
        directory=server,
    )


def peers(model: Path) -> dict[str, Program]:
    """Servers of a YOLOX model that a user would write instead, by their frameworks' names; a worker a core.

    Args:
        model: the ONNX file.
    """
    return {
        "FastAPI": _peer("fastapi_server", model),
        "LitServe": _peer("litserve_server", model),
    }


def _peer(module: str, model: Path) -> Program:
    workers = str(serving_program.usable_cores())
    return Program(
        name=module,
        command=[sys.executable, "-m", f"workbench.speed.peers.{module}", str(model), workers],
        environment={
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
            "PYTHONPATH": f"{BENCH_PACKAGES}:{places.REPOSITORY}",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        directory=places.REPOSITORY,
        opens_port=True,
    )


def _wait_for_answer(process: ChildProcess, address: Address, request: Request) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if not process.running:
            raise StartError(f"{process.failure}")
        try:
            load.once(address, request)
            return
        except (OSError, http.client.HTTPException):
            time.sleep(_POLL_SECONDS)
    raise StartError(f"{process.name} did not answer within {_START_SECONDS:g} s; {process.last_words}")
