"""The process of a user's own program. Loading and all hooks run on its main thread, one request after the other.

So a program may use whatever belongs to a thread, or to the main one: event loops, signals, connections of SQLite. A
worker starts the process and talks with it over a socket, see ``server.hook_process``. The first message of this side
tells if the model is loaded; then each request gets an ``Outcome``.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from dataclasses import replace
from typing import Any

import cv2
from werkzeug.exceptions import HTTPException

from ipc_ai_serving import file_access, logs
from ipc_ai_serving.errors import ModelFailedError, ModelLoadError, ServingError, error_document
from ipc_ai_serving.hooks import flask_context, wire
from ipc_ai_serving.hooks.answers import answer_of
from ipc_ai_serving.hooks.messages import Answer, Outcome, Request
from ipc_ai_serving.hooks.user_application import UserHooks
from ipc_ai_serving.scheduling import allocator
from ipc_ai_serving.scheduling.stages import collected, stage
from ipc_ai_serving.settings import settings

logger = logging.getLogger(__name__)

_SIGNALS = signal.valid_signals()
_FAILED = "the model failed on this request; the container's log has the reason"


class Program:
    """The user's hooks and their model."""

    def __init__(self, hooks: UserHooks, model: Any) -> None:
        self._hooks = hooks
        self._model = model

    @classmethod
    def load(cls) -> Program | None:
        """Load the program and its model; None where that failed, which is logged."""
        started = time.monotonic()
        chosen = settings()
        try:
            hooks = UserHooks.load(chosen.model_dir, code_dir=chosen.code_dir, program=chosen.program)
            model = hooks.model_fn(str(chosen.model_dir))
        except ModelLoadError as error:
            logger.error("model could not be loaded: %s", error)
            return None
        except SystemExit as error:
            logger.exception(
                "model could not be loaded: the program ended itself (SystemExit: %s); neither its import nor model_fn "
                "may call sys.exit, as argparse does with arguments that it does not know",
                error,
            )
            return None
        except BaseException as error:  # whatever a hook raises must reach the log
            if unreadable := file_access.unreadable_below(chosen.model_dir):
                logger.error("model could not be loaded: %s", unreadable)
            # A KeyError's text is the key alone.
            logger.exception("model could not be loaded: %s: %s", type(error).__name__, error)
            return None
        allocator.give_back_freed_memory()
        logger.info("model loaded", extra={"seconds": round(time.monotonic() - started, 3)})
        return cls(hooks, model)

    def outcome_of(self, request: Request) -> Outcome:
        """Run the hooks over a request; whatever they raise is an outcome, too."""
        with collected() as stages:
            try:
                _let_signals_in()
                return Outcome(self._answer(request), stages=stages)
            except ServingError as error:
                return Outcome(refusal=(error.status, error.code, str(error)))
            except HTTPException as error:  # flask.abort
                return Outcome(_aborted(error, request))
            except BaseException as error:
                named = {"request_id": request.request_id, "camera_id": request.camera_id}
                logger.exception("failed: %s: %s", type(error).__name__, error, extra=named)
                return Outcome(refusal=(ModelFailedError.status, ModelFailedError.code, _FAILED))
            finally:
                _hold_signals_back()

    def _answer(self, request: Request) -> Answer:
        self._hooks.context.begin(request)
        with flask_context.of(request):
            with stage("input"):
                data = self._hooks.input_fn(request.body, request.content_type)
            with stage("predict"):
                prediction = self._hooks.predict_fn(data, self._model)
            with stage("encode"):
                return self._hooks.output_fn(prediction, request.accept)


def _aborted(error: HTTPException, request: Request) -> Answer:
    """The answer of ``flask.abort``, in the one error shape unless the program gave a response of its own."""
    if error.response is not None:
        return answer_of(error.response, "application/json")
    document = error_document(error.name.title().replace(" ", ""), error.description or error.name, request.request_id)
    return answer_of(document, "application/json")._replace(status=error.code or 500)


def main() -> None:
    """Serve until the worker closes its end of the socket; ``hooks.start`` calls this."""
    requests, life = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    requests.set_inheritable(False)
    _end_with_worker(life)
    _leave_to_parent(requests)
    signal.signal(signal.SIGTERM, _ignore)  # the worker finishes its requests, and then closes its end
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    logs.configure()
    allocator.keep_freed_memory()
    cv2.setNumThreads(1)  # there is a process a core
    program = Program.load()
    _hold_signals_back()
    wire.send(requests, program is not None)
    incoming = select.poll()
    incoming.register(requests.fileno(), select.POLLIN)
    while program is not None:
        _wait_for(incoming)
        try:
            request, body = wire.receive(requests)
        except EOFError:
            return
        outcome = program.outcome_of(replace(request, body=body))
        answer = outcome.answer
        if answer is None:
            wire.send(requests, outcome)
        else:
            wire.send(requests, replace(outcome, answer=answer._replace(body=b"")), answer.body)


def _wait_for(incoming: select.poll) -> None:
    """Wait for a request or the end, and let signals in meanwhile."""
    while True:
        try:
            _let_signals_in()
            incoming.poll()
            return
        except BaseException:
            logger.exception("a handler of signals failed between requests")
        finally:
            _hold_signals_back()


def _let_signals_in() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def _hold_signals_back() -> None:
    """Hold them back while a message is read or written, which a handler that raises would cut in two."""
    while True:
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
            return
        except BaseException:  # from the handler of a signal that came before
            logger.exception("a handler of signals failed after a request")


def _end_with_worker(life: int) -> None:
    """Have the kernel kill this process when the worker is gone, which holds the other end of a pipe.

    A hook that never returns would outlive it otherwise.
    """
    os.set_inheritable(life, False)
    with contextlib.suppress(OSError):  # a kernel without it
        fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
    gone = select.poll()
    gone.register(life)
    if gone.poll(0):  # before the kernel was told
        sys.exit()


def _leave_to_parent(requests: socket.socket) -> None:
    """Make each process that a hook forks one of its own: with the socket open it would hide its parent's end.

    SIGTERM waits meanwhile. One that comes sooner is ignored, and a pool of processes waits for that child for ever.
    """
    masks = threading.local()  # of the threads that fork

    def before() -> None:
        masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def after_in_parent() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, masks.before)

    def after_in_child() -> None:
        requests.close()
        if signal.getsignal(signal.SIGTERM) is _ignore:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _let_signals_in()

    os.register_at_fork(before=before, after_in_parent=after_in_parent, after_in_child=after_in_child)


def _ignore(_number: int, _frame: object) -> None:
    """Ignore a signal; unlike SIG_IGN, this is not inherited by programs that a hook starts."""
