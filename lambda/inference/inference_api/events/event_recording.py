"""The event of one request of the API, kept from failing the request: a failure of the store is logged and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from inference_api.errors import AnswerTooLargeError, ApiError
from inference_api.events.event_keys import event_prefix
from inference_api.events.idempotency import Claim, Claimed, Earlier, content_of, key_of, name_of
from inference_api.messages import EventFate, Inference, InferenceRequest
from inference_api.proxy import Request

if TYPE_CHECKING:
    from inference_api.events.event_store import Event, EventStore
    from inference_api.metrics.telemetry import Telemetry

logger = Logger()

_NOT_STORED = "event not stored"


class EventRecording:
    """The event of one request. ``begin`` it, then call ``complete`` or ``discard``.

    A request with an Idempotency-Key calls ``claim`` first. Where the answer takes longer, ``leave_open`` comes before
    the two, and either may be left to another process. A request that fetches a pending answer calls
    ``complete_later`` or ``fail_later`` alone.
    """

    def __init__(self, store: Callable[[], EventStore], telemetry: Telemetry, *, is_kept: bool) -> None:
        """Take the store, without opening it.

        Args:
            store: opens the event store, or returns the open one.
            telemetry: the measurements of the request.
            is_kept: true when the events of requests are kept; otherwise every method but the two for later
                does nothing.
        """
        self._store = store
        self._telemetry = telemetry
        self._is_kept = is_kept
        self._fate = EventFate.LOST if is_kept else EventFate.NOT_KEPT
        self._event: Event | None = None
        self._claimed: Claimed | None = None
        self._may_store = is_kept
        self._left_open: Mapping[str, Any] | None = None

    @property
    def is_kept(self) -> bool:
        """True when the event is to be kept."""
        return self._is_kept

    def claim(self, sent: Request, request: InferenceRequest, *, received: datetime) -> Earlier | None:
        """Claim the request's Idempotency-Key. Where S3 fails, the request is answered, and not stored.

        Returns:
            The earlier request with this key; None where there is none, and for a request without a key.

        Raises:
            InvalidRequestError: the header is no key.
            IdempotencyKeyReusedError: the key came with another frame before.
            RequestInProgressError: the earlier request begins or ends in this moment.
        """
        key = key_of(sent)
        if key is None or not self._is_kept:
            return None
        prefix = event_prefix(request.camera_id, sent.request_id, received)
        claimed = Claimed(name_of(key, sent, request), Claim(sent.request_id, prefix, content_of(request)))
        earlier = self._claiming(lambda: self._store().claims.make(claimed))
        if earlier is None:
            self._claimed = claimed
        return earlier

    def take_over(self, earlier: Earlier) -> None:
        """Claim the key of an earlier request that ended without storing anything.

        Raises:
            RequestInProgressError: it may still run.
        """
        self._claiming(lambda: self._store().claims.take_over(earlier))
        self._claimed = earlier.wanted

    def begin(self, request: InferenceRequest, *, request_id: str, received: datetime) -> None:
        """Begin to write the frames, as ``EventStore.begin`` does."""
        if not self._may_store:
            return
        with self._failures_counted(_NOT_STORED):
            self._event = self._store().begin(request, request_id=request_id, received=received)

    def complete(self, result: Inference, *, is_kept: bool = True) -> EventFate:
        """Write the result after the frames; delete the frames of an event that the camera's profile does not keep."""
        if not is_kept:
            return self._leave_out()
        if self._left_open:  # a lost one is {}
            return self.complete_later(self._left_open, result)
        if self._event is not None and self._left_open is None:
            with self._failures_counted(_NOT_STORED):
                with self._telemetry.timed("StoreLatency"):
                    self._event.complete(result)
                self._stored(self._event.prefix)
        if self._fate is EventFate.LOST:
            self._release()
        return self._fate

    def leave_open(self) -> dict[str, Any] | None:
        """Wait for the frames, and return the state for ``complete_later``.

        Returns:
            None where events are not kept, ``{}`` for a lost event.
        """
        left: dict[str, Any] | None = {} if self._is_kept else None
        if self._event is not None:
            with self._failures_counted(_NOT_STORED):
                left = self._event.leave_open()
        self._left_open = left
        return left

    def complete_later(
        self, left_open: Mapping[str, Any] | None, result: Inference, *, is_kept: bool = True
    ) -> EventFate:
        """Write the result of an event that an earlier request left open, or delete its frames."""
        if not is_kept:
            self._left_open = left_open
            return self._leave_out()
        self._fate = EventFate.NOT_KEPT if left_open is None else EventFate.LOST
        if left_open:
            with self._failures_counted(_NOT_STORED):
                self._stored(self._store().complete_later(left_open, result))
        return self._fate

    def fail_later(self, left_open: Mapping[str, Any] | None, error: ApiError) -> None:
        """Write the failure of an event that an earlier request left open."""
        if left_open:
            with self._failures_counted(_NOT_STORED):
                self._store().fail_later(left_open, error)

    def discard(self, error: Exception) -> None:
        """Delete the frames of a request that failed; the client hears of that failure alone.

        An event that was left open gets the failure instead: a notification may be about to complete it. Where there
        is an answer, for which a client's has no room, the notification does.
        """
        if self._left_open is not None and isinstance(error, ApiError):
            if not isinstance(error, AnswerTooLargeError):
                self.fail_later(self._left_open, error)
        elif self._event is not None:
            with self._failures_counted("frames of a failed request may be left", event_prefix=self._event.prefix):
                self._event.discard()
        self._release()

    def withdraw(self) -> None:
        """Delete the frames, also of an event that was left open, and let a repeat be stored."""
        with self._failures_counted("frames of an event that is not kept may be left"):
            if self._left_open:
                self._store().discard_later(self._left_open)
            elif self._event is not None and self._left_open is None:
                self._event.discard()
        self._release()

    def _leave_out(self) -> EventFate:
        self._fate = EventFate.NOT_KEPT
        self._telemetry.count("EventsLeftOut")
        self.withdraw()
        return self._fate

    def _claiming(self, claim: Callable[[], Earlier | None]) -> Earlier | None:
        try:
            return claim()
        except ApiError:
            raise
        except Exception:
            logger.exception(_NOT_STORED)
            self._telemetry.count("EventStoreFailures")
            self._may_store = False  # a repeat may have been stored, or be stored later
            return None

    def _release(self) -> None:
        """Let a repeat be stored, as this request was not."""
        if self._claimed is not None and self._may_store:
            with self._failures_counted("a repeat is refused until the claim is old"):
                self._store().claims.release(self._claimed)

    def _stored(self, prefix: str) -> None:
        logger.info("event stored", extra={"event_prefix": prefix})
        self._fate = EventFate.STORED

    @contextmanager
    def _failures_counted(self, message: str, **extra: str) -> Iterator[None]:
        try:
            yield
        except Exception:
            logger.exception(message, extra=extra)
            self._telemetry.count("EventStoreFailures")
