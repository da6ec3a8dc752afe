"""Errors of serving, each with its HTTP status and a stable code.

::

    ServingError                        500 InternalError
    ├── ClientError                     400 InvalidRequest
    │   ├── InvalidImageError           400 InvalidImage
    │   ├── ObjectDeniedError           403 ObjectDenied
    │   ├── ObjectNotFoundError         404 ObjectNotFound
    │   ├── PayloadTooLargeError        413 PayloadTooLarge
    │   └── UnsupportedMediaTypeError   415 UnsupportedMediaType
    ├── ModelFailedError                502 ModelFailed
    ├── ModelLoadError                  500 ModelLoadFailed
    ├── ModelNotReadyError              503 ModelNotReady
    ├── ObjectStoreUnavailableError     503 ObjectStoreUnavailable
    └── OverloadedError                 503 Overloaded

The client gets ``str(error)``; for a 4xx it is a sentence that says what to change.
"""

from __future__ import annotations

from typing import Any


class ServingError(Exception):
    """Root of all errors of the serving core."""

    status = 500
    code = "InternalError"


class ClientError(ServingError):
    """The request cannot be served as it was sent."""

    status = 400
    code = "InvalidRequest"


class InvalidImageError(ClientError):
    """The bytes are no image, cannot be decoded in full, or have an unusable size."""

    code = "InvalidImage"


class ObjectDeniedError(ClientError):
    """S3 does not let the endpoint's role read the object."""

    status = 403
    code = "ObjectDenied"


class ObjectNotFoundError(ClientError):
    """S3 has no such bucket or object."""

    status = 404
    code = "ObjectNotFound"


class PayloadTooLargeError(ClientError):
    """The body, an S3 object or the decoded frames are larger than the limit."""

    status = 413
    code = "PayloadTooLarge"


class UnsupportedMediaTypeError(ClientError):
    """The application does not take this content type."""

    status = 415
    code = "UnsupportedMediaType"


class ModelFailedError(ServingError):
    """A user's own program failed on a request, or ended."""

    status = 502
    code = "ModelFailed"


class ModelLoadError(ServingError):
    """The application or its model cannot be loaded."""

    code = "ModelLoadFailed"


class ModelNotReadyError(ServingError):
    """The model is still loading."""

    status = 503
    code = "ModelNotReady"


class ObjectStoreUnavailableError(ServingError):
    """S3 cannot be reached, or did not deliver in time."""

    status = 503
    code = "ObjectStoreUnavailable"


class OverloadedError(ServingError):
    """More requests are waiting than can be served in time."""

    status = 503
    code = "Overloaded"


def error_document(code: str, message: str, request_id: str) -> dict[str, Any]:
    """Build the one error shape: ``{"error": {"code", "message", "request_id"}}``."""
    return {"error": {"code": code, "message": message, "request_id": request_id}}
