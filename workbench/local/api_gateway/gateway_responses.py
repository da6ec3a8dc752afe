"""Gateway responses: API Gateway's own answers, rendered by the stack's templates for them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
_USUAL_STATUSES = {
    "MISSING_AUTHENTICATION_TOKEN": 403,
    "INVALID_API_KEY": 403,
    "INVALID_SIGNATURE": 403,
    "UNAUTHORIZED": 401,
    "ACCESS_DENIED": 403,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "AUTHORIZER_FAILURE": 500,
    "AUTHORIZER_CONFIGURATION_ERROR": 500,
    "API_CONFIGURATION_ERROR": 500,
    "REQUEST_TOO_LARGE": 413,
    "THROTTLED": 429,
    "QUOTA_EXCEEDED": 429,
    "INTEGRATION_FAILURE": 504,
    "INTEGRATION_TIMEOUT": 504,
}
_TEMPLATE = '{"message":$context.error.messageString}'
_OF_NO_AUTHORIZER = re.compile(r"\$context\.authorizer\.\w+")  # AWS writes nothing for what was not said


class RefusedError(Exception):
    """Refusal of a request by API Gateway itself.

    Attributes:
        kind: type of the gateway response.
        message: API Gateway's own message.
        status: its status, where the type alone does not say it.
        words: the authorizer's own, by which it refuses.
    """

    def __init__(
        self, kind: str, message: str, status: int | None = None, words: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status or _USUAL_STATUSES[kind]
        self.words = words or {}


def rendered(refusal: RefusedError, responses: Mapping[str, Mapping[str, Any]], request_id: str) -> Response:
    """Write the answer as the stack has it rendered; as the default of its class where it has none of the type."""
    default = "DEFAULT_5XX" if refusal.status >= 500 else "DEFAULT_4XX"
    chosen = responses.get(refusal.kind) or responses.get(default, {})
    text = chosen.get("ResponseTemplates", {}).get("application/json", _TEMPLATE)
    context = {
        "$context.error.messageString": json.dumps(refusal.message),
        "$context.error.responseType": refusal.kind,
        "$context.requestId": request_id,
        **{f"$context.authorizer.{name}": value for name, value in refusal.words.items()},
    }
    for name, value in context.items():
        text = text.replace(name, value)
    text = _OF_NO_AUTHORIZER.sub("", text)
    status = int(chosen.get("StatusCode", refusal.status))
    response = Response(text, status, mimetype="application/json", headers={"x-amzn-RequestId": request_id})
    for name, value in chosen.get("ResponseParameters", {}).items():
        response.headers[name.removeprefix("gatewayresponse.header.")] = value.strip("'")
    return response
