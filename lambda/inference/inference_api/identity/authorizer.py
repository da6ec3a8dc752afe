"""Entry point of the authorizer, which lets cameras in: it sees a request's headers and query, and never its body.

====================  ==========================================  =================================================
the request           the authorizer                              the client gets, from API Gateway
====================  ==========================================  =================================================
a right credential    allows the stage, with camera and scopes    the function's answer
a heartbeat           allows it, as ``anonymous``                 the function's answer
none, or a wrong one  raises ``Unauthorized``, its very word      401, with the challenge of the gateway's response
a disabled camera     denies, with ``code`` and ``message``       403, with both
too many wrong ones   denies, so too, with ``retry_after``        403, with both: no authorizer can say 429
no registry           raises another word                         what the gateway's response says: 503
====================  ==========================================  =================================================

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
"""

from __future__ import annotations

import functools
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference_api.errors import ForbiddenError, RegistryUnavailableError, TooManyRefusalsError, UnauthorizedError
from inference_api.identity.door import REFUSED_CREDENTIALS, door
from inference_api.metrics import emf
from inference_api.proxy import Request
from inference_api.settings import AuthorizerSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

UNITS = {REFUSED_CREDENTIALS: "Count", "AuthorizerLatency": "Milliseconds"}
"""The metrics, each with CloudWatch's unit."""


@functools.cache
def settings() -> AuthorizerSettings:
    """The settings of this function."""
    return AuthorizerSettings.from_environment(os.environ)


# As in inference_api.handler: Lambda gives an instance a whole core while it starts.
if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    door(settings().registry_table, settings().states_table)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer API Gateway's question who a caller is, and write one line of metrics.

    An exception has no cause and no words of a request: Lambda writes it to the log, with its traceback.

    Raises:
        Exception: ``Unauthorized`` where the request proves no camera, else the name of a failure.
    """
    began = time.perf_counter()
    request = Request(event, context.aws_request_id)
    fields: dict[str, Any] = {"service": settings().service, "api_request_id": request.request_id}
    refusal = "Unauthorized"
    try:
        return _answer(request, fields)
    except UnauthorizedError:
        fields["outcome"] = refusal
    except RegistryUnavailableError as error:
        fields["outcome"] = refusal = error.code
        fields["reason"] = str(error)
    except Exception as error:  # noqa: BLE001 - raised again below, without its words
        fields["outcome"] = refusal = "InternalError"
        fields["reason"] = _place(error)
    finally:
        fields["AuthorizerLatency"] = round((time.perf_counter() - began) * 1000, 3)
        emf.write(settings().metrics_namespace, [emf.MetricSet([["service"]], UNITS)], fields)
    raise Exception(refusal)


def _answer(request: Request, fields: dict[str, Any]) -> dict[str, Any]:
    entrance = door(settings().registry_table, settings().states_table)
    try:
        proven = entrance.opened(request, counted=lambda metric: fields.update({metric: 1}))
    except ForbiddenError as error:
        fields["outcome"] = error.code
        return _policy(request, "Deny", "disabled", {"code": error.code, "message": str(error)})
    except TooManyRefusalsError as error:
        fields["outcome"] = error.code
        told = {"code": error.code, "message": str(error), "retry_after": str(error.retry_after_seconds)}
        return _policy(request, "Deny", "refused", told)
    fields["outcome"] = "allowed"
    if proven is None:
        return _policy(request, "Allow", "anonymous", {"camera_id": "", "scopes": "", "anonymous": "true"})
    fields["camera_id"] = camera_id = proven.camera.camera_id
    told = {"camera_id": camera_id, "scopes": ",".join(proven.scopes), "anonymous": "false"}
    return _policy(request, "Allow", camera_id, told)


def _policy(request: Request, effect: str, principal: str, told: dict[str, str]) -> dict[str, Any]:
    """A policy for the whole stage: a camera calls several paths, and API Gateway may keep the answer."""
    api, stage = str(request.event["methodArn"]).split("/")[:2]
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{api}/{stage}/*"}
    return {
        "principalId": principal,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": told,
    }


def _place(error: Exception) -> str:
    """The kind of an exception and the line that raised it, without its words: they may be the request's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    assert trace is not None
    return f"{type(error).__name__} in {Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}"
