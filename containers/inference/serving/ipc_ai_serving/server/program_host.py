"""A user's own program of a worker: start its process, pass requests to it one by one, replace it when it ends."""

from __future__ import annotations

import atexit
import logging
import threading
import time

from ipc_ai_serving.errors import ModelFailedError, ModelLoadError, ModelNotReadyError, ServingError
from ipc_ai_serving.hooks.messages import Answer, Request
from ipc_ai_serving.scheduling import traffic
from ipc_ai_serving.scheduling.stages import Milliseconds, collected, stage
from ipc_ai_serving.server.hook_process import HookProcess, HookProcessEndedError

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1
# A model that loads quickly costs requests that wait nothing but time; others go to another worker meanwhile.
_PATIENCE_SECONDS = 10


class ProgramHost:
    """A user's program in a process of its own.

    A hook may end its process, crash it or hold Python's lock for as long as it likes: that costs its own request, and
    ``/ping`` is answered. Hooks that take longer than ``response_seconds`` are ended. At most ``queue_limit`` requests
    are in work or waiting; a further one is refused at once.
    """

    def __init__(self, *, queue_limit: int, response_seconds: float) -> None:
        self._queue_limit = queue_limit
        self._response_seconds = response_seconds
        self._turn = threading.Lock()  # its holder alone talks with the process
        self._process: HookProcess | None = None
        self._is_ready = False
        self._failed = False
        self._is_ending = False

    def load(self) -> None:
        """Start the process and wait for its model, unless that was done or tried already."""
        with self._turn:
            if not self.loaded:
                atexit.register(self._close)
                self._start()

    @property
    def loaded(self) -> bool:
        """True once loading has ended, well or badly."""
        return self._is_ready or self._failed

    def is_ready(self) -> bool:
        """Tell whether the model is loaded; a process that has ended unseen is replaced."""
        if self._is_ready and not self._lives() and self._turn.acquire(blocking=False):
            self._replace()
        return self._is_ready

    def check_ready(self) -> None:
        """Return when the model is loaded.

        Raises:
            ModelNotReadyError: it is still loading.
            ModelLoadError: it could not be loaded.
        """
        if self._failed:
            raise ModelLoadError("the model could not be loaded; the container's log has the reason")
        if not self.is_ready():
            raise ModelNotReadyError("the model is still loading; try again shortly")

    def invoke(self, request: Request) -> tuple[Answer, Milliseconds]:
        """Run the program's hooks over one request.

        Returns:
            The answer, and milliseconds a stage: ``wait`` for a turn, ``input``, ``predict`` and ``encode``.

        Raises:
            OverloadedError: too many requests are waiting.
            ServingError: not ready, or the hooks refused the request, or failed.
        """
        with traffic.request(self._queue_limit), collected() as stages:
            with stage("wait"):
                process = self._take_turn()
            try:
                outcome = process.outcome_of(request, seconds=self._response_seconds)
            except HookProcessEndedError as error:
                named = {"request_id": request.request_id, "camera_id": request.camera_id}
                logger.error("failed: %s", error, extra=named)
                self._replace()
                raise ModelFailedError(f"{error} on this request; the container's log has the reason") from error
            except BaseException:
                self._turn.release()
                raise
            self._turn.release()
            if outcome.answer is None:
                raise _refusal(*outcome.refusal)
            return outcome.answer, {**stages, **outcome.stages}

    def _take_turn(self) -> HookProcess:
        """Wait for the process; a model that was lost is loaded anew meanwhile.

        Raises:
            ModelNotReadyError: that takes long.
            ModelLoadError: it could not be loaded.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            if self._turn.acquire(timeout=_LOOK_SECONDS):
                if self._failed:
                    self._turn.release()
                    self.check_ready()
                if self._process is not None and self._lives():
                    return self._process
                self._replace()
            elif not self._is_ready and time.monotonic() > deadline:
                self.check_ready()

    def _lives(self) -> bool:
        return self._process is not None and self._process.lives

    def _replace(self) -> None:
        """Start another process in the background, which has this thread's turn from now on."""
        self._is_ready = False
        threading.Thread(target=self._load_anew, daemon=True).start()

    def _load_anew(self) -> None:
        try:
            if self._process is not None:
                self._process.close()
            self._start()
        finally:
            self._turn.release()

    def _start(self) -> None:
        self._process = HookProcess()
        try:
            loaded = self._process.loads()
        except HookProcessEndedError as error:
            if not self._is_ending:
                logger.error("model could not be loaded: %s while it was loaded", error)
            loaded = False
        self._is_ready, self._failed = loaded, not loaded

    def _close(self) -> None:
        """End the process with the worker: in its own way if it is idle."""
        self._is_ending = True
        if self._process is None:
            return
        if self._turn.acquire(blocking=False):
            self._process.close()
        else:
            self._process.kill()


def _refusal(status: int, code: str, message: str) -> ServingError:
    error = ServingError(message)
    error.status, error.code = status, code
    return error
