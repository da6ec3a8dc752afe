"""Holds the loaded application of one worker: loads it in the background, runs one prediction at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from serving.application import Application
from serving.errors import ModelLoadError, ModelNotReadyError, OverloadedError

logger = logging.getLogger(__name__)


class ApplicationHost:
    """An application and its model.

    The model loads in a thread of its own, so that ``/ping`` can answer from the first moment on.
    Engines take one call at a time, so predictions are serialised; decoding and encoding are not. At most
    ``queue_limit`` requests are in work or waiting; a further one is refused at once, so that a client learns
    of the overload while it can still go elsewhere.
    """

    def __init__(self, find: Callable[[], Application], model_dir: str, *, queue_limit: int) -> None:
        self._find = find
        self._model_dir = model_dir
        self._application: Application | None = None
        self._model: Any = None
        self._failure: Exception | None = None
        self._engine = threading.Lock()
        self._places = threading.BoundedSemaphore(queue_limit)
        self._loading = threading.Thread(target=self._load, name="model-loader", daemon=True)
        self._loading.start()

    def check_ready(self) -> None:
        """Returns when the model is loaded.

        Raises:
            ModelNotReadyError: it is still loading.
            ModelLoadError: it could not be loaded.
        """
        if self._failure is not None:
            raise ModelLoadError("the model could not be loaded; the container's log has the reason")
        if self._application is None:
            raise ModelNotReadyError("the model is still loading; try again shortly")

    @property
    def loading(self) -> bool:
        """Whether loading has not ended yet."""
        return self._loading.is_alive()

    def wait(self, timeout: float | None = None) -> None:
        """Waits up to ``timeout`` seconds until loading has ended, one way or the other."""
        self._loading.join(timeout)

    def invoke(self, body: bytes, content_type: str | None, accept: str | None) -> tuple[bytes, str, dict[str, float]]:
        """Runs the hooks over one request.

        Returns:
            The answer's body, its content type, and milliseconds a stage.

        Raises:
            OverloadedError: too many requests are waiting.
            ServingError: not ready, or the hooks refused the request.
        """
        self.check_ready()
        if not self._places.acquire(blocking=False):
            raise OverloadedError("too many requests are waiting; send the frame again shortly")
        try:
            return self._run_hooks(body, content_type, accept)
        finally:
            self._places.release()

    def _run_hooks(
        self, body: bytes, content_type: str | None, accept: str | None
    ) -> tuple[bytes, str, dict[str, float]]:
        application = self._application
        assert application is not None
        stages: dict[str, float] = {}
        with _timed(stages, "decode"):
            data = application.input_fn(body, content_type)
        with _timed(stages, "wait"):
            self._engine.acquire()
        try:
            with _timed(stages, "predict"):
                prediction = application.predict_fn(data, self._model)
        finally:
            self._engine.release()
        with _timed(stages, "encode"):
            answer, answer_type = application.output_fn(prediction, accept)
        return answer, answer_type, stages

    def _load(self) -> None:
        started = time.monotonic()
        try:
            application = self._find()
            self._model = application.model_fn(self._model_dir)
        except ModelLoadError as error:
            logger.error("model could not be loaded: %s", error)
            self._failure = error
            return
        except Exception as error:  # whatever a hook raises must reach /ping and the log
            logger.exception("model could not be loaded: %s", error)
            self._failure = error
            return
        self._application = application
        logger.info("model loaded", extra={"seconds": round(time.monotonic() - started, 3)})


@contextmanager
def _timed(stages: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        stages[name] = round((time.perf_counter() - started) * 1000, 2)
