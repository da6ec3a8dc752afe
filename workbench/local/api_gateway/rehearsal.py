"""Failures and delays on purpose, so that a client's retries can be rehearsed."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from werkzeug.wrappers import Response

from workbench.local.api_gateway.gateway_responses import RefusedError

INTEGRATION_SECONDS = 29
"""Time that API Gateway gives an integration; https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""

_REFUSALS = {
    413: ("REQUEST_TOO_LARGE", "Request Too Long"),
    429: ("THROTTLED", "Too Many Requests"),
    503: ("INTEGRATION_FAILURE", "Internal server error"),
    504: ("INTEGRATION_TIMEOUT", "Endpoint request timed out"),
}
_OF_THE_FUNCTION = {500: "InternalError", 502: "ModelFailed"}
STATUSES = tuple(sorted((*_REFUSALS, *_OF_THE_FUNCTION)))
"""Statuses that a right request may meet, and that a client therefore has to deal with."""
_CAMERAS = 10_000


class Rehearsal:
    """The failures still to come, for each camera."""

    def __init__(
        self, statuses: tuple[int, ...] = (), delay_seconds: float = 0, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._statuses = statuses
        self._delay_seconds = delay_seconds
        self._sleep = sleep
        self._turns: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def delay(self) -> float:
        """Wait as long as the function is to take longer.

        Returns:
            Seconds left of the time that API Gateway gives an integration.

        Raises:
            RefusedError: none are left.
        """
        if self._delay_seconds:
            self._sleep(min(self._delay_seconds, INTEGRATION_SECONDS))
        if self._delay_seconds >= INTEGRATION_SECONDS:
            raise RefusedError("INTEGRATION_TIMEOUT", "Endpoint request timed out")
        return INTEGRATION_SECONDS - self._delay_seconds

    def failure(self, camera: str, request_id: str) -> Response | None:
        """Take the camera's turn: its next failure, or None to let this request through.

        Raises:
            RefusedError: the failure is one of API Gateway's own.
        """
        if not self._statuses:
            return None
        with self._lock:
            turn = self._turns.pop(camera, 0)
            self._turns[camera] = (turn + 1) % (len(self._statuses) + 1)
            if len(self._turns) > _CAMERAS:
                self._turns.popitem(last=False)
        if turn == len(self._statuses):
            return None
        status = self._statuses[turn]
        if status in _OF_THE_FUNCTION:
            error = {
                "code": _OF_THE_FUNCTION[status],
                "message": "the rehearsed failure of --fail",
                "request_id": request_id,
            }
            return Response(json.dumps({"error": error}), status, mimetype="application/json")
        raise RefusedError(*_REFUSALS[status], status)
