"""Lambda authorizer of requests, whose answers are not kept.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
"""

from __future__ import annotations

import fnmatch
import json
import logging
import re
import time
from collections.abc import Mapping
from typing import Any

from workbench.local.api_gateway.call import API_ID, Call
from workbench.local.api_gateway.gateway_responses import RefusedError
from workbench.local.api_gateway.proxy_integration import description
from workbench.local.services.lambda_service import FunctionError, LambdaFunction, ThrottledError, payload
from workbench.template.rendered_template import partition_of

logger = logging.getLogger(__name__)

_ACTION = "execute-api:Invoke"
_DENIED = "User is not authorized to access this resource"


class Authorizer:
    """The function that is asked about each request, and the meaning of its answers."""

    def __init__(self, function: LambdaFunction, region: str) -> None:
        self._function = function
        self._region = region

    def words(self, call: Call) -> dict[str, Any]:
        """Ask about a request, without its body.

        Returns:
            What the function behind the API reads as ``requestContext.authorizer``.

        Raises:
            RefusedError: the caller is not known or may not do this, or the answer is none.
        """
        arn = _method_arn(call, self._region)
        begun = time.monotonic()
        answer = self._answer({"type": "REQUEST", "methodArn": arn, **description(call)})
        taken = round((time.monotonic() - begun) * 1000)
        try:
            effects = set(_effects(answer["policyDocument"], arn))
            words = {name: _text(value) for name, value in (answer.get("context") or {}).items()}
            principal = str(answer["principalId"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            logger.error("the authorizer's answer is none: %r", error)
            raise RefusedError("AUTHORIZER_CONFIGURATION_ERROR", "Internal server error") from error
        if "Deny" in effects:
            raise RefusedError("ACCESS_DENIED", f"{_DENIED} with an explicit deny", words=words)
        if "Allow" not in effects:
            raise RefusedError("ACCESS_DENIED", _DENIED, words=words)
        return {**words, "principalId": principal, "integrationLatency": taken}

    def _answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._function.invoke(payload(event))
        except ThrottledError as error:
            raise RefusedError("AUTHORIZER_FAILURE", "Internal server error") from error
        except FunctionError as error:
            if _message(error) == "Unauthorized":
                raise RefusedError("UNAUTHORIZED", "Unauthorized") from error
            logger.error("the authorizer failed: %s", error)
            raise RefusedError("AUTHORIZER_CONFIGURATION_ERROR", "Internal server error") from error


def _method_arn(call: Call, region: str) -> str:
    api = f"arn:{partition_of(region)}:execute-api:{region}:{call.account}:{API_ID}"
    return f"{api}/{call.stage}/{call.request.method}/{call.path.strip('/')}"


def _effects(policy: Mapping[str, Any], arn: str) -> list[str]:
    """Effects of the statements that speak of calling the method."""
    return [
        statement["Effect"]
        for statement in policy["Statement"]
        if _matches(statement["Action"], _ACTION, ignore_case=True) and _matches(statement["Resource"], arn)
    ]


def _matches(patterns: Any, text: str, *, ignore_case: bool = False) -> bool:
    """Return whether one of the patterns, with ``*`` and ``?`` alone as wildcards, fits."""
    flags = re.IGNORECASE if ignore_case else re.NOFLAG
    return any(
        re.fullmatch(fnmatch.translate(pattern.replace("[", "[[]")), text, flags)
        for pattern in ([patterns] if isinstance(patterns, str) else patterns)
    )


def _text(value: Any) -> str:
    """Write a value of the context as a string.

    Raises:
        ValueError: it is an object, a list, or none, which API Gateway does not take.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise ValueError("a value of the context is no string, number or boolean")


def _message(error: FunctionError) -> str | None:
    """The message of the exception that the handler raised; None where it raised none."""
    try:
        message: str = json.loads(str(error))["errorMessage"]
    except (ValueError, KeyError, TypeError):
        return None
    return message
