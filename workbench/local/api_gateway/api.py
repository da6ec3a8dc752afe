"""REST API of a rendered stack, with API Gateway's limits and in its order of checks."""

from __future__ import annotations

import logging
import re
import secrets
import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from workbench.local.api_gateway import proxy_integration, signatures
from workbench.local.api_gateway.authorizer import Authorizer
from workbench.local.api_gateway.call import Call, query, target
from workbench.local.api_gateway.content_encoding import inflated
from workbench.local.api_gateway.gateway_responses import RefusedError, rendered
from workbench.local.api_gateway.rehearsal import Rehearsal
from workbench.local.api_gateway.routes import Routes
from workbench.local.api_gateway.signatures import CallerCredentials
from workbench.local.api_gateway.throttling import Throttling
from workbench.local.servers.bounded_server import Limits
from workbench.local.servers.http_server import HOST
from workbench.local.services.lambda_service import (
    MAX_EVENT_BYTES,
    EventTooLargeError,
    FunctionError,
    LambdaFunction,
    ThrottledError,
    payload,
)
from workbench.template.rendered_stack import RenderedStack
from workbench.template.rendered_template import stand_in_account

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
_MAX_BODY_BYTES = 10 * 1024 * 1024
_HOST = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")
_MAX_HEADER_BYTES = 10_240  # of the request line and the headers' values

LIMITS = Limits(body_bytes=_MAX_BODY_BYTES, header_bytes=32 * 1024, request_seconds=30, threads=32)
"""Limits of the server in front of the API. AWS tells no time for a request to come; here it is 30 s."""


@dataclass(frozen=True)
class Callers:
    """Proofs of those who may call: the API key, the credentials that sign, and the authorizer that knows the others.

    Each is None where the stack does not ask for it.
    """

    key: str | None = None
    credentials: CallerCredentials | None = None
    authorizer: Authorizer | None = None


class RestApi:
    """The API as a WSGI application."""

    def __init__(
        self, stack: RenderedStack, function: LambdaFunction, callers: Callers, rehearsal: Rehearsal | None = None
    ) -> None:
        self._stack = stack
        self._function = function
        self._callers = callers
        self._rehearsal = rehearsal or Rehearsal()
        self._routes = Routes(stack.methods)
        self._throttling = Throttling(stack.stage)
        # A body of 10 MB is in memory several times while it is read, so one at a time is.
        self._reading = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        return self._answer(Request(environ))(environ, start_response)

    def refuse(self, status: int, reason: str) -> tuple[str, list[tuple[str, str]], bytes]:
        """Write the answer to a request that is no HTTP, is too large, or does not end."""
        if status == 413:
            refusal = RefusedError("REQUEST_TOO_LARGE", "Request Too Long")
        elif status == 500:
            refusal = RefusedError("DEFAULT_5XX", "Internal server error", status)
        else:  # 501 stands for a Transfer-Encoding that the client alone can mend
            refusal = RefusedError("DEFAULT_4XX", f"Bad Request: {reason}", 400 if status == 501 else status)
        response = rendered(refusal, self._stack.gateway_responses, str(uuid.uuid4()))
        return response.status, list(response.headers.items()), response.get_data()

    def _answer(self, request: Request) -> Response:
        request_id = str(uuid.uuid4())
        try:
            return self._checked(request, request_id)
        except RefusedError as refusal:
            return rendered(refusal, self._stack.gateway_responses, request_id)
        except Exception:
            logger.exception("the local API failed")
            failure = RefusedError("DEFAULT_5XX", "Internal server error", 500)
            return rendered(failure, self._stack.gateway_responses, request_id)

    def _checked(self, request: Request, request_id: str) -> Response:
        _require_small_header(request)
        came, asked = target(request)
        stage = self._stack.stage.name
        if came == "/" and request.method in ("GET", "HEAD"):
            return _signpost(f"http://{_host(request)}/{stage}/inference")
        # A path outside the stage is that of a custom domain, which is mapped to the stage.
        inside = came.removeprefix(f"/{stage}") if f"{came}/".startswith(f"/{stage}/") else came
        path = f"/{inside.lstrip('/')}"
        method, parameters = self._routes.find(path, request.method)
        call = self._admitted(
            Call(
                request=request,
                request_id=request_id,
                method=method,
                path=path,
                full_path=came,
                parameters=parameters,
                query=query(asked),
                stage=stage,
                account=stand_in_account(),
            )
        )
        if method.integration["Type"] == "MOCK":
            return proxy_integration.mock_response(method)
        camera = request.headers.get("X-Camera-Id", "")
        failure = self._rehearsal.failure(camera, request_id)
        if failure is not None:
            return failure
        patience = self._rehearsal.delay()
        with self._reading:
            event = _event(call)
        return self._invoked(event, patience)

    def _admitted(self, call: Call) -> Call:
        """Check what the method requires of callers, and note what is known of this one.

        AWS does not tell whether a refused stranger counts towards the rate; here it does.

        Raises:
            RefusedError: the caller may not call, or not now.
        """
        method, request = call.method, call.request
        if method.requires_key and not self._has_key(request):
            raise RefusedError("INVALID_API_KEY", "Forbidden")
        if method.authorization == "AWS_IAM" and self._callers.credentials is not None:
            with self._reading:
                signatures.require(request, self._callers.credentials, request.get_data(cache=True))
            call = replace(call, identity=self._callers.credentials.identity)
        self._throttling.admit(with_key=method.requires_key)
        if method.authorization != "CUSTOM":
            return call
        if self._callers.authorizer is None:
            raise RefusedError("AUTHORIZER_CONFIGURATION_ERROR", "Internal server error")
        return replace(call, authorizer=self._callers.authorizer.words(call))

    def _has_key(self, request: Request) -> bool:
        given = request.headers.get("X-Api-Key", "").encode()
        return secrets.compare_digest(given, (self._callers.key or "").encode())

    def _invoked(self, event: bytes, patience_seconds: float) -> Response:
        """Call the function.

        Raises:
            RefusedError: it is throttled, takes too long, or fails.
        """
        try:
            return proxy_integration.response(self._function.invoke(event, patience_seconds=patience_seconds))
        except ThrottledError as error:
            # https://repost.aws/questions/QUfI6bsdd0SOiPeyimzxSkfQ
            raise RefusedError("INTEGRATION_FAILURE", "Internal server error") from error
        except TimeoutError as error:
            raise RefusedError("INTEGRATION_TIMEOUT", "Endpoint request timed out") from error
        except FunctionError as error:
            logger.error("the function failed: %s", error)
            raise RefusedError("DEFAULT_5XX", "Internal server error", 502) from error


def _event(call: Call) -> bytes:
    """Read the body and write the function's event.

    Raises:
        RefusedError: the body is not in the coding that its header names, or is too large for the function.
    """
    sent = call.request.get_data(cache=False)
    body = inflated(sent, call.request.headers.get("Content-Encoding", ""), _MAX_BODY_BYTES)
    if proxy_integration.encoded_bytes(len(body)) > MAX_EVENT_BYTES:
        raise RefusedError("REQUEST_TOO_LARGE", "Request Too Long")
    try:
        return payload(proxy_integration.event(call, body))
    except EventTooLargeError as error:
        raise RefusedError("REQUEST_TOO_LARGE", "Request Too Long") from error


def _require_small_header(request: Request) -> None:
    """Refuse a request line and values of headers of more than 10,240 bytes together.

    Raises:
        RefusedError: they are more. AWS does not tell the status; this is HTTP's own.
    """
    line = len(request.method) + len(request.environ["REQUEST_URI"]) + len(" HTTP/1.1 ")
    if line + sum(len(value) for value in request.headers.values()) > _MAX_HEADER_BYTES:
        raise RefusedError("DEFAULT_4XX", f"HTTP header is larger than {_MAX_HEADER_BYTES} bytes.", 431)


def _host(request: Request) -> str:
    """Name of this machine as the client wrote it, or its address where that is no name."""
    named = request.environ.get("HTTP_HOST", "")
    return named if _HOST.fullmatch(named) else f"{HOST}:{request.environ['SERVER_PORT']}"


def _signpost(url: str) -> Response:
    """Where to read on. API Gateway itself would refuse this path as any outside the stage."""
    read_on = "docs/api.md says how, docs/local.md where this differs from AWS"
    return Response(f"This is ipc-ai up. Send frames to POST {url}; {read_on}.\n", mimetype="text/plain")
