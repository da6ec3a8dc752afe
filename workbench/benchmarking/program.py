"""The program that runs one variant: ``python -m workbench.benchmarking.program FD``.

It has the environment of the serving container and loads ``ipc_ai_serving.server.wsgi``, so what it times is what
serves: decoding, the queue's places, the hooks and the answer's JSON; only HTTP is left out. Its parent sends commands
over the socket FD, each a tuple of a name and arguments, and gets a reply for each: ``("done", VALUE)`` or
``("refused", SENTENCE)``.
"""

from __future__ import annotations

import functools
import gc
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from ipc_ai_serving.errors import ServingError
from ipc_ai_serving.hooks.messages import Request
from ipc_ai_serving.scheduling import allocator
from ipc_ai_serving.scheduling.parallelism import parallelism

if TYPE_CHECKING:
    from ipc_ai_serving.server.app import Host

WHOLE = "whole"
_ACCEPT = "application/json"


class Variant:
    """The model as the server holds it, and the workers forked from it."""

    def __init__(self, commands: Connection) -> None:
        self._commands = commands
        self._request = Request(b"")
        self._workers: list[Connection] = []

    def load(self, before_fork: bool) -> None:
        """Load the model; with ``before_fork`` only where the server would do so before it forks its workers.

        Raises:
            ServingError: it does not load; the log has the reason.
        """
        if before_fork and not parallelism().loads_before_fork:
            return
        _load()
        gc.collect()
        gc.freeze()  # as gunicorn.conf.py does

    def take(self, body: bytes, content_type: str) -> None:
        """Keep the request that is to be timed."""
        self._request = Request(body, content_type, _ACCEPT)

    def run(self) -> dict[str, float]:
        """Serve the request once: milliseconds of its stages, and of the whole."""
        started = time.perf_counter()
        _, stages = _host().invoke(self._request)
        return {WHOLE: round((time.perf_counter() - started) * 1000, 3), **stages}

    def answer(self, body: bytes, content_type: str) -> bytes:
        """Body of the answer that a client would get."""
        return _host().invoke(Request(body, content_type, _ACCEPT))[0].body

    def timed_answer(self, body: bytes, content_type: str) -> tuple[bytes, float, float]:
        """Body of the answer, and the time and the processor's time that it took, in milliseconds."""
        started, processor = time.perf_counter(), time.process_time()
        answer, _ = _host().invoke(Request(body, content_type, _ACCEPT))
        took, worked = time.perf_counter() - started, time.process_time() - processor
        return answer.body, round(took * 1000, 3), round(worked * 1000, 3)

    def hire(self, warm_up: int) -> int:
        """Fork one more worker, which serves the request ``warm_up`` times; its process id."""
        ours, its = get_context("fork").Pipe()
        worker = get_context("fork").Process(target=self._work, args=(its, [*self._workers, ours], warm_up))
        worker.daemon = True
        worker.start()
        its.close()
        self._workers.append(ours)
        _reply_of(ours)
        assert worker.pid is not None
        return worker.pid

    def keep_busy(self, workers: int, seconds: float) -> list[tuple[int, float]]:
        """Keep some workers busy with the request: requests of each, and seconds to the end of its last."""
        busy = self._workers[:workers]
        for worker in busy:
            worker.send(seconds)
        return [_reply_of(worker) for worker in busy]

    def _work(self, commands: Connection, others: list[Connection], warm_up: int) -> None:
        """A worker: never returns."""
        for inherited in (self._commands, *others):
            inherited.close()  # so that each end closes with its own process

        def start() -> None:
            _load()
            for _ in range(warm_up):
                self.run()

        _reply(commands, start)
        while True:
            try:
                seconds = commands.recv()
            except EOFError:
                sys.exit(0)
            _reply(commands, functools.partial(self._serve_for, seconds))

    def _serve_for(self, seconds: float) -> tuple[int, float]:
        served = 0
        started = time.perf_counter()
        while (elapsed := time.perf_counter() - started) < seconds:
            _host().invoke(self._request)
            served += 1
        return served, elapsed


def _host() -> Host:
    from ipc_ai_serving.server import wsgi  # reads the environment and imports OpenCV

    return wsgi.host


def _load() -> None:
    """Load the model unless that was done.

    Raises:
        ServingError: it does not load.
    """
    _host().load()
    _host().check_ready()


def _reply(connection: Connection, do: Callable[[], Any]) -> None:
    try:
        reply = ("done", do())
    except ServingError as error:
        reply = ("refused", str(error))
    connection.send(reply)


def _reply_of(worker: Connection) -> Any:
    """Reply of a worker.

    Raises:
        ServingError: it refused, or ended.
    """
    try:
        outcome, value = worker.recv()
    except EOFError as error:
        raise ServingError("a worker ended by itself") from error
    if outcome == "refused":
        raise ServingError(value)
    return value


_COMMANDS: dict[str, Callable[..., Any]] = {
    "load": Variant.load,
    "take": Variant.take,
    "run": Variant.run,
    "answer": Variant.answer,
    "timed answer": Variant.timed_answer,
    "hire": Variant.hire,
    "keep busy": Variant.keep_busy,
}


def main(descriptor: int) -> None:
    """Obey until the other end is closed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that workers are ended, too
    allocator.keep_freed_memory()  # as gunicorn.conf.py does
    with Connection(descriptor) as commands:
        variant = Variant(commands)
        while True:
            try:
                name, *arguments = commands.recv()
            except EOFError:
                return
            _reply(commands, functools.partial(_COMMANDS[name], variant, *arguments))


if __name__ == "__main__":
    main(int(sys.argv[1]))
