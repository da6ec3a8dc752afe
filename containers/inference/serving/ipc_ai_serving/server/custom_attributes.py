"""SageMaker's header for custom attributes, the one that passes through an endpoint in both directions.

Of an answer SageMaker hands on body and content type. Its status and the other headers of a user's program travel in
this header, as ``status=201&X-Model=7`` in the form of a query; the function gives them to its client.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

from __future__ import annotations

import logging
import urllib.parse

from ipc_ai_serving.hooks.messages import Answer

logger = logging.getLogger(__name__)

HEADER = "X-Amzn-SageMaker-Custom-Attributes"
_LONGEST = 1024  # SageMaker's limit
_MAX_CAMERA_LENGTH = 64


def camera_id(attributes: str) -> str:
    """Read the camera's id, which the function sends percent-encoded as ``camera_id=...`` among other attributes."""
    pairs = (part.strip().partition("=") for part in attributes.split(";"))
    encoded = next((value for key, _, value in pairs if key == "camera_id"), "unknown")
    return urllib.parse.unquote(encoded, errors="replace")[:_MAX_CAMERA_LENGTH]


def with_status_and_headers(answer: Answer) -> list[tuple[str, str]]:
    """Headers of an answer, with its status and themselves in the attributes; attributes of a program's own stay.

    Headers for which there is no room are left out of the attributes, with a warning.
    """
    headers = list(answer.headers)
    is_plain = answer.status == 200 and not headers
    if is_plain or answer.status >= 300 or any(name.lower() == HEADER.lower() for name, _ in headers):
        return headers
    attributes = f"status={answer.status}"
    for name, value in headers:
        longer = f"{attributes}&{urllib.parse.urlencode({name: value})}"
        if len(longer) > _LONGEST:
            logger.warning("the header %s reaches no client: SageMaker passes on %d characters", name, _LONGEST)
        else:
            attributes = longer
    return [*headers, (HEADER, attributes)]
