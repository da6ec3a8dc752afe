"""Status and headers that a program of the operator's own gave its answer.

SageMaker hands on body and content type of an answer, and its custom attributes. Our container writes the rest there,
as ``status=201&X-Model=7`` in the form of a query; attributes of another form are the container's own business.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import replace

from inference_api.messages import Inference

_FORM = re.compile(r"status=(2\d\d)(?:&(.*))?")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\x20-\x7e]*")
# Those that the function, API Gateway or the connection sets, or that belong to a body which is encoded anew here.
_NOT_PASSED_ON = re.compile(
    r"connection|content-(encoding|length|type)|date|keep-alive|proxy-.*|server|te|trailer|transfer-encoding|upgrade"
    r"|www-authenticate|x-request-id|x-event-stored|x-amzn-.*|access-control-.*",
    re.IGNORECASE,
)


def with_own_answer(result: Inference, attributes: str) -> Inference:
    """The answer with the status and the headers in the custom attributes; of a repeated name all values."""
    form = _FORM.fullmatch(attributes)
    if form is None:
        return result
    headers: dict[str, str] = {}
    for name, value in urllib.parse.parse_qsl(form[2] or "", keep_blank_values=True):
        if _NAME.fullmatch(name) and _VALUE.fullmatch(value) and not _NOT_PASSED_ON.fullmatch(name):
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return replace(result, status=int(form[1]), headers=headers)
