"""Built-in application and model of a worker: load them, run the hooks over requests, refuse an overload."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ipc_ai_serving import file_access
from ipc_ai_serving.errors import ModelLoadError, ModelNotReadyError
from ipc_ai_serving.hooks.application import Application
from ipc_ai_serving.hooks.messages import Answer, Request
from ipc_ai_serving.scheduling import allocator, traffic
from ipc_ai_serving.scheduling.stages import Milliseconds, collected, stage

logger = logging.getLogger(__name__)


class ApplicationHost:
    """A built-in application and its model, which threads share; they wait only for its engine.

    At most ``queue_limit`` requests are in work or waiting; a further one is refused at once, so that a client learns
    of the overload while it can still go elsewhere.
    """

    def __init__(self, find: Callable[[], Application], model_dir: str, *, queue_limit: int) -> None:
        self._find = find
        self._model_dir = model_dir
        self._application: Application | None = None
        self._model: Any = None
        self._failure: Exception | None = None
        self._queue_limit = queue_limit

    def load(self) -> None:
        """Load the model, unless that was done or tried already.

        What goes wrong is logged, and told by :meth:`check_ready` from then on.
        """
        if self.loaded:
            return
        started = time.monotonic()
        try:
            application = self._find()
            self._model = application.model_fn(self._model_dir)
        except ModelLoadError as error:
            logger.error("model could not be loaded: %s", error)
            self._failure = error
            return
        except Exception as error:  # whatever a hook raises must reach /ping and the log
            # Each framework has words of its own for a file that cannot be read.
            if unreadable := file_access.unreadable_below(Path(self._model_dir)):
                logger.error("model could not be loaded: %s", unreadable)
            # A KeyError's text is the key alone.
            logger.exception("model could not be loaded: %s: %s", type(error).__name__, error)
            self._failure = error
            return
        self._application = application
        allocator.give_back_freed_memory()
        logger.info("model loaded", extra={"seconds": round(time.monotonic() - started, 3)})

    @property
    def loaded(self) -> bool:
        """True once loading has ended, well or badly."""
        return self._application is not None or self._failure is not None

    def is_ready(self) -> bool:
        """Tell whether the model is loaded."""
        return self._application is not None

    def check_ready(self) -> None:
        """Return when the model is loaded.

        Raises:
            ModelNotReadyError: it is still loading.
            ModelLoadError: it could not be loaded.
        """
        if self._failure is not None:
            raise ModelLoadError("the model could not be loaded; the container's log has the reason")
        if self._application is None:
            raise ModelNotReadyError("the model is still loading; try again shortly")

    def invoke(self, request: Request) -> tuple[Answer, Milliseconds]:
        """Run the hooks over one request.

        Returns:
            The answer, and milliseconds a stage: ``input``, ``predict`` and ``encode``, and what happens inside them,
            of which ``wait`` is for a turn.

        Raises:
            OverloadedError: too many requests are waiting.
            ServingError: not ready, or the hooks refused the request.
        """
        self.check_ready()
        with traffic.request(self._queue_limit), collected() as stages:
            return self._answer(request), stages

    def _answer(self, request: Request) -> Answer:
        application = self._application
        assert application is not None
        with stage("input"):
            data = application.input_fn(request.body, request.content_type)
        with stage("predict"):
            prediction = application.predict_fn(data, self._model)
        with stage("encode"):
            return Answer(*application.output_fn(prediction, request.accept))
