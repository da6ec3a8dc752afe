"""SageMaker's words for an asynchronous request that failed, in the API's own."""

from __future__ import annotations

import json
import re

from inference_api.errors import ApiError
from inference_api.sagemaker.refusals import translated_failure

# "Received client error (415) from primary with message "ONLY JPEG". See https://... for more information."
_NOTE = re.compile(r'\((?P<status>\d{3})\)(?:.*?with message "(?P<said>.*?)"(?:\. See |\.?$))?', re.DOTALL)
# By the container's codes: SageMaker's note of a failure may leave the status out.
STATUSES = {
    "InvalidRequest": 400,
    "InvalidImage": 400,
    "ObjectDenied": 403,
    "ObjectNotFound": 404,
    "PayloadTooLarge": 413,
    "UnsupportedMediaType": 415,
    "ModelFailed": 502,
    "ModelNotReady": 503,
    "ObjectStoreUnavailable": 503,
    "Overloaded": 503,
}


def failure_of(text: str) -> ApiError:
    """The container's own error, found anywhere in SageMaker's note of a failure.

    The note is the container's answer alone, or a sentence with status and answer in it.
    """
    start = text.find('{"error"')
    note = _NOTE.search(text[:start] if start >= 0 else text)
    said = _json_at(text, start) if start >= 0 else note["said"] or "" if note else text
    status = int(note["status"]) if note else STATUSES.get(_code(said), 500)
    return translated_failure(status, said)


def _json_at(text: str, start: int) -> str:
    """The JSON object that begins there, without what follows it."""
    try:
        _, end = json.JSONDecoder().raw_decode(text, start)
    except ValueError:
        return ""
    return text[start:end]


def _code(said: str) -> str:
    """The code of an error in the shape of all errors; empty for other answers."""
    try:
        error = json.loads(said)["error"]
        return str(error["code"])
    except (ValueError, LookupError, TypeError):
        return ""
