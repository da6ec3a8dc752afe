"""The failures of a request, each with its HTTP status and a stable code.

::

    ApiError                         500 InternalError
    ├── InvalidRequestError          400 InvalidRequest
    ├── InvalidImageError            400 InvalidImage
    ├── NothingToFetchError          404 NotFound
    ├── RequestInProgressError       409 RequestInProgress, with Retry-After
    ├── PayloadTooLargeError         413 PayloadTooLarge
    ├── UnsupportedMediaTypeError    415 UnsupportedMediaType
    ├── IdempotencyKeyReusedError    422 IdempotencyKeyReused
    ├── RefusedByModelError          the container's own 4xx and code
    ├── ModelFailedError             502 ModelFailed
    ├── AnswerTooLargeError          502 AnswerTooLarge
    ├── EndpointUnavailableError     503 EndpointUnavailable, with Retry-After
    │   └── EndpointRefusesError     503 EndpointUnavailable, without
    └── EndpointTimeoutError         504 EndpointTimeout
"""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """Root of all errors that are told to a client; by itself, a fault of the service.

    Attributes:
        said: for the log alone: the model's own words.
    """

    status = 500
    code = "InternalError"
    retry_after_seconds: int | None = None
    said: str | None = None

    @property
    def log_fields(self) -> dict[str, Any]:
        """Fields of the line in the log beside the message."""
        return {"code": self.code, "status": self.status, **({"model_said": self.said} if self.said else {})}


class InvalidRequestError(ApiError):
    """The body is neither an image nor a JSON object with the keys needed."""

    status = 400
    code = "InvalidRequest"


class InvalidImageError(ApiError):
    """The value in the place of an image is not an image."""

    status = 400
    code = "InvalidImage"


class NothingToFetchError(ApiError):
    """No answer waits under this id, or no route has this method and path."""

    status = 404
    code = "NotFound"


class RequestInProgressError(ApiError):
    """A request with the same Idempotency-Key has not ended."""

    status = 409
    code = "RequestInProgress"
    retry_after_seconds = 1


class PayloadTooLargeError(ApiError):
    """The frame is larger than the endpoint takes."""

    status = 413
    code = "PayloadTooLarge"


class UnsupportedMediaTypeError(ApiError):
    """The content type is neither JSON nor an image."""

    status = 415
    code = "UnsupportedMediaType"


class IdempotencyKeyReusedError(ApiError):
    """An Idempotency-Key came with another frame before."""

    status = 422
    code = "IdempotencyKeyReused"


class RefusedByModelError(ApiError):
    """The container answered 4xx; its status, code and sentence are passed on."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class ModelFailedError(ApiError):
    """The container answered 5xx."""

    status = 502
    code = "ModelFailed"


class AnswerTooLargeError(ApiError):
    """The model's answer is larger than the function may return."""

    status = 502
    code = "AnswerTooLarge"


class EndpointUnavailableError(ApiError):
    """The endpoint is throttled, overloaded, starting or deleted."""

    status = 503
    code = "EndpointUnavailable"
    retry_after_seconds: int | None = 1


class EndpointRefusesError(EndpointUnavailableError):
    """The endpoint or S3 refuses the function's call. The operator can mend that, and waiting cannot."""

    retry_after_seconds = None


class EndpointTimeoutError(ApiError):
    """The endpoint did not answer in time."""

    status = 504
    code = "EndpointTimeout"


def error_document(code: str, message: str, request_id: str) -> dict[str, Any]:
    """The one error shape: ``{"error": {"code", "message", "request_id"}}``."""
    return {"error": {"code": code, "message": message, "request_id": request_id}}
