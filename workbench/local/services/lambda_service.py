"""Lambda: AWS's own runtime interface client runs the handler; this side speaks the Runtime API to it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import math
import queue
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

from workbench.errors import StartError
from workbench.local.child_process import ChildProcess
from workbench.local.servers.http_server import HttpServer
from workbench.local.services.invocation import Invocation
from workbench.template.rendered_function import RenderedFunction

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_EVENT_BYTES = 6 * 1024 * 1024
"""Largest event of a synchronous invocation."""

_REST_BYTES = 16 * 1024  # headers and context, which AWS counts too; here the body alone meets the limit
_CONCURRENCY = 4
_POLL_SECONDS = 0.5
_START_SECONDS = 60


class FunctionError(Exception):
    """Failure of a handler, which raised or did not answer in time."""


class ThrottledError(Exception):
    """Refusal of a function that works on as many events as its reserved concurrency lets it."""


class EventTooLargeError(Exception):
    """Refusal of an event over the 6 MB that a synchronous invocation takes."""


def payload(event: Mapping[str, Any]) -> bytes:
    """Write an event as it is sent to a function.

    Raises:
        EventTooLargeError: it has more than 6 MB.
    """
    written = json.dumps(event, ensure_ascii=False).encode()
    if len(written) > MAX_EVENT_BYTES + _REST_BYTES:
        raise EventTooLargeError
    return written


class LambdaFunction:
    """Function with a few execution environments. Further events wait for one, as long as the concurrency allows."""

    def __init__(self, function: RenderedFunction, region: str) -> None:
        self._function = function
        self._arn = f"arn:aws:lambda:{region}:000000000000:function:{function.name}"
        self._waiting: queue.Queue[Invocation] = queue.Queue()
        self._running: dict[str, Invocation] = {}
        self._unanswered: dict[str, Invocation] = {}
        self._counting = threading.Lock()
        self._ended = False
        self.processes: list[ChildProcess] = []
        self.ready = threading.Event()
        self.init_failure: str | None = None

    def invoke(self, event: bytes, *, patience_seconds: float = math.inf) -> dict[str, Any]:
        """Run the handler over an event, as :func:`payload` writes it.

        Raises:
            ThrottledError: its reserved concurrency is in use.
            TimeoutError: the caller's patience is over, while the handler may go on.
            FunctionError: it raised, or did not answer within the function's timeout.
        """
        invocation = Invocation(event)
        del event
        with self._one_of_the_concurrent(invocation):
            self._waiting.put(invocation)
            try:
                is_done = invocation.wait(self._function.timeout_seconds, patience_seconds)
            finally:
                self._running.pop(invocation.identity, None)
            if not is_done:
                raise FunctionError(f"task timed out after {self._function.timeout_seconds} seconds")
        if invocation.answer is None:
            raise FunctionError(invocation.failure or "the function failed")
        return invocation.answer

    @contextmanager
    def _one_of_the_concurrent(self, invocation: Invocation) -> Iterator[None]:
        """Count an event among those in work, and refuse one too many or too late."""
        reserved = self._function.reserved_concurrency
        with self._counting:
            if self._ended:
                raise FunctionError("the function was stopped")
            if reserved is not None and len(self._unanswered) >= reserved:
                raise ThrottledError
            self._unanswered[invocation.identity] = invocation
        try:
            yield
        finally:
            del self._unanswered[invocation.identity]

    def end(self) -> None:
        """Fail all events in work and those to come; nothing waits for the function any more."""
        with self._counting:
            self._ended = True
            unanswered = list(self._unanswered.values())
        for invocation in unanswered:
            invocation.failure = "the function was stopped"
            invocation.done.set()
            invocation.taken.set()

    def runtime_api(self) -> Flask:
        """Runtime API that execution environments call."""
        app = Flask(__name__)
        version = "/2018-06-01/runtime"

        @app.get(f"{version}/invocation/next")
        def next_invocation() -> Response:
            self.ready.set()
            invocation = self._next()
            if invocation is None:
                return Response(status=410)
            self._running[invocation.identity] = invocation
            invocation.taken.set()
            deadline = time.time() + self._function.timeout_seconds
            return Response(
                invocation.payload,
                mimetype="application/json",
                headers={
                    "Lambda-Runtime-Aws-Request-Id": invocation.identity,
                    "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
                    "Lambda-Runtime-Invoked-Function-Arn": self._arn,
                },
            )

        @app.post(f"{version}/invocation/<identity>/response")
        def response(identity: str) -> Response:
            return self._finish(identity, answer=json.loads(request.get_data()))

        @app.post(f"{version}/invocation/<identity>/error")
        def error(identity: str) -> Response:
            return self._finish(identity, failure=request.get_data(as_text=True))

        @app.post(f"{version}/init/error")
        def init_error() -> Response:
            self.init_failure = request.get_data(as_text=True)
            self.ready.set()
            return Response(status=202)

        return app

    def _next(self) -> Invocation | None:
        """Next event that is waited for; None at the function's end."""
        while not self._ended:
            with suppress(queue.Empty):
                invocation = self._waiting.get(timeout=_POLL_SECONDS)
                if not invocation.done.is_set() and not invocation.abandoned:
                    return invocation
        return None

    def _finish(self, identity: str, *, answer: dict[str, Any] | None = None, failure: str | None = None) -> Response:
        invocation = self._running.pop(identity, None)
        if invocation is not None:
            invocation.answer, invocation.failure = answer, failure
            invocation.done.set()
        return Response(status=202)


@contextmanager
def running(
    function: RenderedFunction,
    *,
    region: str,
    service_environment: Mapping[str, str],
    log: Path,
    most: int = _CONCURRENCY,
) -> Iterator[LambdaFunction]:
    """Start the function's execution environments and wait until the first is initialised.

    Args:
        function: the function.
        region: its region.
        service_environment: endpoints of the other services, and credentials.
        log: file for its output.
        most: largest number of execution environments.

    Raises:
        StartError: the handler cannot be imported; the message says why.
    """
    served = LambdaFunction(function, region)
    with ExitStack() as started:
        server = started.enter_context(HttpServer(served.runtime_api()))
        environment = {
            **function.environment,
            **service_environment,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mib),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.port}",
            "LAMBDA_TASK_ROOT": str(function.code),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        served.processes = [
            started.enter_context(
                ChildProcess(
                    [sys.executable, "-m", "awslambdaric", function.handler],
                    environment=environment,
                    directory=function.code,
                    log=log,
                )
            )
            for _ in range(min(most, function.reserved_concurrency or most))
        ]
        started.callback(served.end)
        _wait_until_ready(served, served.processes[0])
        yield served


def _wait_until_ready(served: LambdaFunction, first: ChildProcess) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not served.ready.wait(_POLL_SECONDS):
        if not first.running or time.monotonic() > deadline:
            raise StartError(f"the function did not start; {first.last_words}")
    if served.init_failure:
        raise StartError(f"the function's handler cannot be imported: {served.init_failure}")
