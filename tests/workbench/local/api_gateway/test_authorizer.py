"""Answers of the authorizer, and their meaning for a request."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from workbench.local.api_gateway.authorizer import Authorizer
from workbench.local.api_gateway.call import Call
from workbench.local.api_gateway.gateway_responses import RefusedError, rendered
from workbench.local.services.lambda_service import FunctionError, LambdaFunction, ThrottledError
from workbench.template.rendered_api import RenderedMethod

METHOD = RenderedMethod("/push/{proxy+}", "POST", {}, requires_key=False, authorization="CUSTOM")
STAGE = "arn:aws-cn:execute-api:cn-north-1:555566667777:local/prod"


class FakeFunction:
    """Authorizer that keeps its event."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.event: dict[str, Any] = {}

    def invoke(self, event: bytes) -> Any:
        self.event = json.loads(event)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def _policy(effect: str = "Allow", resource: Any = f"{STAGE}/*", **others: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    return {"principalId": "gate-1", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}, **others}


def _call() -> Call:
    builder = EnvironBuilder(
        "/prod/push/gate-1/",
        method="POST",
        query_string="k=secret&k=other",
        data=b"a frame",
        headers=[("Authorization", "Basic YTpi")],
    )
    return Call(
        request=Request(builder.get_environ()),
        request_id="id",
        method=METHOD,
        path="/push/gate-1/",
        full_path="/prod/push/gate-1/",
        parameters={"proxy": "gate-1"},
        query={"k": ["secret", "other"]},
        stage="prod",
        account="555566667777",
    )


def _words(answer: Any) -> tuple[dict[str, Any], FakeFunction]:
    function = FakeFunction(answer)
    return Authorizer(cast(LambdaFunction, function), "cn-north-1").words(_call()), function


def test_the_event_is_that_of_a_request_without_its_body() -> None:
    _, function = _words(_policy())
    event = function.event
    assert (event["type"], event["methodArn"]) == ("REQUEST", f"{STAGE}/POST/push/gate-1")
    assert (event["resource"], event["path"]) == ("/push/{proxy+}", "/push/gate-1/")
    assert event["headers"]["Authorization"] == "Basic YTpi"
    assert event["queryStringParameters"] == {"k": "other"}
    assert event["multiValueQueryStringParameters"] == {"k": ["secret", "other"]}
    assert event["pathParameters"] == {"proxy": "gate-1"}
    assert event["requestContext"]["path"] == "/prod/push/gate-1/"
    assert "authorizer" not in event["requestContext"]
    assert not {"body", "isBase64Encoded"} & set(event)


def test_words_about_the_caller_become_strings() -> None:
    words, _ = _words(_policy(context={"camera_id": "gate-1", "anonymous": False, "level": 3, "share": 0.5}))
    assert words.pop("integrationLatency") >= 0
    assert words == {
        "principalId": "gate-1",
        "camera_id": "gate-1",
        "anonymous": "false",
        "level": "3",
        "share": "0.5",
    }


@pytest.mark.parametrize(
    ("answer", "kind", "status"),
    [
        (FunctionError(json.dumps({"errorMessage": "Unauthorized", "errorType": "Exception"})), "UNAUTHORIZED", 401),
        (FunctionError(json.dumps({"errorMessage": "unauthorized"})), "AUTHORIZER_CONFIGURATION_ERROR", 500),
        (FunctionError("task timed out after 5 seconds"), "AUTHORIZER_CONFIGURATION_ERROR", 500),
        (ThrottledError(), "AUTHORIZER_FAILURE", 500),
        (_policy("Deny"), "ACCESS_DENIED", 403),
        (_policy(resource=f"{STAGE}/GET/*"), "ACCESS_DENIED", 403),
        (_policy(resource=[f"{STAGE}/POST/push/gate-2", f"{STAGE}/POST/push/[g]ate-1"]), "ACCESS_DENIED", 403),
        (None, "AUTHORIZER_CONFIGURATION_ERROR", 500),
        ({}, "AUTHORIZER_CONFIGURATION_ERROR", 500),
        ({"policyDocument": _policy()["policyDocument"]}, "AUTHORIZER_CONFIGURATION_ERROR", 500),
        (_policy(context={"scopes": ["frames"]}), "AUTHORIZER_CONFIGURATION_ERROR", 500),
        (_policy(context={"camera_id": None}), "AUTHORIZER_CONFIGURATION_ERROR", 500),
    ],
)
def test_answers_that_refuse_or_are_none(answer: Any, kind: str, status: int) -> None:
    with pytest.raises(RefusedError) as refused:
        _words(answer)
    assert (refused.value.kind, refused.value.status) == (kind, status)


def test_a_denial_is_stronger_than_a_permission() -> None:
    both = _policy()
    both["policyDocument"]["Statement"] += _policy("Deny", f"{STAGE}/POST/push/gate-?")["policyDocument"]["Statement"]
    with pytest.raises(RefusedError, match="explicit deny"):
        _words(both)


def test_a_denial_is_answered_with_the_authorizers_own_words() -> None:
    with pytest.raises(RefusedError) as refused:
        _words(_policy("Deny", context={"code": "Forbidden", "message": "this camera is disabled"}))
    template = '{"code": "$context.authorizer.code", "message": "$context.authorizer.message"}'
    responses = {"ACCESS_DENIED": {"ResponseTemplates": {"application/json": template}}}
    answer = rendered(refused.value, responses, "id")
    assert answer.get_json() == {"code": "Forbidden", "message": "this camera is disabled"}
    without = rendered(RefusedError("ACCESS_DENIED", "no"), responses, "id")
    assert without.get_json() == {"code": "", "message": ""}
