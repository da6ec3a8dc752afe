"""API Gateway's own answers, in the product's error shape."""

from __future__ import annotations

import json
from dataclasses import dataclass

from aws_cdk import CfnCondition
from aws_cdk.aws_apigateway import GatewayResponse, ResponseType, RestApi

from stacks.conditions import value_if

_CANNOT_TELL = "the service cannot look at credentials now; wait as long as Retry-After says"


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """One answer: when, its status if it is not API Gateway's own, its code, and its sentence as JSON.

    The sentence is fixed wherever API Gateway's own would have quotation marks inside, which it does not escape.
    """

    kind: ResponseType
    status: str | None = None
    code: str = "$context.error.responseType"
    message: str
    retry_after_seconds: int | None = None
    challenge: str | None = None


def answer_in_the_error_shape(api: RestApi, *, uses_iam: CfnCondition, uses_credentials: CfnCondition) -> None:
    """Give API Gateway's own answers the product's error shape, and an unknown path its true status.

    Args:
        api: the API.
        uses_iam: the condition that requests are signed. Then API Gateway cannot tell an unknown path from a request
            without a signature.
        uses_credentials: the condition that each camera has a credential of its own, which a function looks at.
    """
    for name, answer in _answers(uses_iam, uses_credentials).items():
        headers = {"Access-Control-Allow-Origin": "'*'"}
        if answer.retry_after_seconds is not None:
            headers |= {
                "Retry-After": f"'{answer.retry_after_seconds}'",
                "Access-Control-Expose-Headers": "'Retry-After'",
            }
        if answer.challenge is not None:
            headers["WWW-Authenticate"] = f"'{answer.challenge}'"
        GatewayResponse(
            api,
            name,
            rest_api=api,
            type=answer.kind,
            status_code=answer.status,
            response_headers=headers,
            templates={
                "application/json": (
                    f'{{"error": {{"code": "{answer.code}", "message": {answer.message}, '
                    '"request_id": "$context.requestId"}}'
                )
            },
        )


def _answers(uses_iam: CfnCondition, uses_credentials: CfnCondition) -> dict[str, _Answer]:
    def if_signed(signed: str, otherwise: str) -> str:
        return value_if(uses_iam, signed, otherwise).to_string()

    return {
        "UnknownPath": _Answer(
            kind=ResponseType.MISSING_AUTHENTICATION_TOKEN,
            status=if_signed("403", "404"),
            code=if_signed("NotSigned", "NotFound"),
            message=if_signed(
                '"sign the request with AWS Signature 4, or there is nothing here; send POST /inference"',
                '"there is nothing here; send POST /inference"',
            ),
        ),
        "NoKey": _Answer(
            kind=ResponseType.INVALID_API_KEY,
            status="403",
            code="InvalidApiKey",
            message=json.dumps("send a valid API key in the header x-api-key"),
        ),
        "Filtered": _Answer(
            kind=ResponseType.WAF_FILTERED,
            status="403",
            message=json.dumps("the operator's web ACL does not let this request in; ask the operator which rule"),
        ),
        # A proxied function cannot send the challenge itself: API Gateway renames that header.
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
        "NoCredential": _Answer(
            kind=ResponseType.UNAUTHORIZED,
            status="401",
            code="Unauthorized",
            message=json.dumps("send the camera's own credential: Basic with its id and password, or its key"),
            challenge='Basic realm="camera"',
        ),
        "Denied": _Answer(
            kind=ResponseType.ACCESS_DENIED,
            status="403",
            # The authorizer's own words, none of which is the caller's; signed requests never ask it.
            code=value_if(uses_credentials, "$context.authorizer.code", "$context.error.responseType").to_string(),
            message=value_if(
                uses_credentials, '"$context.authorizer.message"', "$context.error.messageString"
            ).to_string(),
        ),
        "TooLarge": _Answer(
            kind=ResponseType.REQUEST_TOO_LARGE,
            status="413",
            code="PayloadTooLarge",
            message=json.dumps("the body is too large; send a smaller frame"),
        ),
        "Throttled": _Answer(
            kind=ResponseType.THROTTLED,
            status="429",
            message=json.dumps("too many requests; wait as long as Retry-After says, and longer each time"),
            retry_after_seconds=1,
        ),
        "QuotaExceeded": _Answer(
            kind=ResponseType.QUOTA_EXCEEDED,
            status="429",
            message=json.dumps("the month's requests are used up; stop sending, and ask the operator for more"),
        ),
        # The function is at its limit of concurrency or cannot be called, and has not seen the request.
        "Busy": _Answer(
            kind=ResponseType.INTEGRATION_FAILURE,
            status="503",
            code="ServiceUnavailable",
            message=json.dumps("the service takes no more requests now; wait as long as Retry-After says"),
            retry_after_seconds=1,
        ),
        # The function that looks at credentials failed or cannot be called; the camera may be right.
        "AuthorizerFailed": _Answer(
            kind=ResponseType.AUTHORIZER_FAILURE,
            status="503",
            code="ServiceUnavailable",
            message=json.dumps(_CANNOT_TELL),
            retry_after_seconds=1,
        ),
        "AuthorizerOutOfReach": _Answer(
            kind=ResponseType.AUTHORIZER_CONFIGURATION_ERROR,
            status="503",
            code="ServiceUnavailable",
            message=json.dumps(_CANNOT_TELL),
            retry_after_seconds=1,
        ),
        "Timeout": _Answer(
            kind=ResponseType.INTEGRATION_TIMEOUT,
            status="504",
            code="Timeout",
            message=json.dumps("the service did not answer in time; send the frame again"),
        ),
        # messageString is the message with its quotes, safe inside JSON.
        "ClientErrors": _Answer(kind=ResponseType.DEFAULT_4_XX, message="$context.error.messageString"),
        "ServerErrors": _Answer(kind=ResponseType.DEFAULT_5_XX, message=json.dumps("the service failed; try again")),
    }
