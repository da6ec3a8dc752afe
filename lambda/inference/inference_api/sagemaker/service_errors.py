"""Refusals and failures of AWS's services themselves, in the API's own words; the container's are in ``refusals``.

A client is told to wait only where waiting helps: a service that throttles, or fails by itself. A refusal, such as
``ValidationError`` for an endpoint that is gone or ``AccessDenied``, stays until the operator mends something.
"""

from __future__ import annotations

import http
import re

from botocore.exceptions import ClientError

from inference_api.errors import ApiError, EndpointRefusesError, EndpointUnavailableError, PayloadTooLargeError

# Services throttle with 400, 429 or 503.
_THROTTLES = re.compile(r"Throttl|TooManyRequests|LimitExceeded|SlowDown|NotReady", re.IGNORECASE)
_OF_SERVICES = frozenset({"InternalFailure", "InternalDependencyException", "InternalError", "ServiceUnavailable"})


def translated_service_error(error: ClientError, *, subject: str = "the endpoint") -> ApiError:
    """Translate an error that is not the container's.

    Args:
        error: boto3's.
        subject: the service in words.
    """
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE in (status, int(code) if code.isdecimal() else 0):
        return PayloadTooLargeError(f"{subject} does not take so large a request; send a smaller frame")
    passes = status >= http.HTTPStatus.INTERNAL_SERVER_ERROR or status == http.HTTPStatus.TOO_MANY_REQUESTS
    if passes or code in _OF_SERVICES or _THROTTLES.search(code):
        return EndpointUnavailableError(f"{subject} is not available ({code}); try again shortly")
    return EndpointRefusesError(f"{subject} refuses the service's call ({code}); report the request id to the operator")
