"""The failures of a request, each with its HTTP status and a stable code.

::

    ApiError                         500 InternalError
    ├── InvalidRequestError          400 InvalidRequest
    ├── InvalidImageError            400 InvalidImage
    ├── UnauthorizedError            401 Unauthorized, with a challenge
    ├── ForbiddenError               403 Forbidden
    ├── NothingToFetchError          404 NotFound
    ├── RequestInProgressError       409 RequestInProgress, with Retry-After
    ├── PayloadTooLargeError         413 PayloadTooLarge
    ├── UnsupportedMediaTypeError    415 UnsupportedMediaType
    ├── IdempotencyKeyReusedError    422 IdempotencyKeyReused
    ├── TooManyRefusalsError         429 TooManyRefusals, with Retry-After
    ├── QuotaSpentError              429 QuotaSpent, with Retry-After
    ├── RefusedByModelError          the container's own 4xx and code
    ├── ModelFailedError             502 ModelFailed
    ├── AnswerTooLargeError          502 AnswerTooLarge
    ├── EndpointUnavailableError     503 EndpointUnavailable, with Retry-After
    │   └── EndpointRefusesError     503 EndpointUnavailable, without
    ├── StoreUnavailableError        503 StoreUnavailable, with Retry-After
    ├── RegistryUnavailableError     503 RegistryUnavailable, with Retry-After
    └── EndpointTimeoutError         504 EndpointTimeout
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """Root of all errors that are told to a client; by itself, a fault of the service.

    Attributes:
        headers: of the answer, beside those of every failure.
        said: for the log alone: the model's own words.
    """

    status = 500
    code = "InternalError"
    retry_after_seconds: int | None = None
    headers: Mapping[str, str] = {}
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


class UnauthorizedError(ApiError):
    """The request proves no camera: it has no credential, or a wrong one."""

    status = 401
    code = "Unauthorized"
    headers: Mapping[str, str] = {"WWW-Authenticate": 'Basic realm="camera"'}


class ForbiddenError(ApiError):
    """The caller is known and may not do this: the camera is disabled, or its credential lacks the scope."""

    status = 403
    code = "Forbidden"


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


class TooManyRefusalsError(ApiError):
    """More wrong credentials came from an address than it may try in a minute."""

    status = 429
    code = "TooManyRefusals"

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class QuotaSpentError(ApiError):
    """The camera has sent as many frames as its profile lets through in a day."""

    status = 429
    code = "QuotaSpent"

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


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


class StoreUnavailableError(ApiError):
    """The event store or the queue did not take a push whose answer would have said that it is safe."""

    status = 503
    code = "StoreUnavailable"
    retry_after_seconds: int | None = 5


class RegistryUnavailableError(ApiError):
    """The registry of cameras did not answer, and what is known of the caller is too old."""

    status = 503
    code = "RegistryUnavailable"
    retry_after_seconds: int | None = 1


class EndpointTimeoutError(ApiError):
    """The endpoint did not answer in time."""

    status = 504
    code = "EndpointTimeout"


def error_document(code: str, message: str, request_id: str) -> dict[str, Any]:
    """The one error shape: ``{"error": {"code", "message", "request_id"}}``."""
    return {"error": {"code": code, "message": message, "request_id": request_id}}
