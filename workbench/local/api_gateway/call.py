"""A request on its way through the API, with what was found out about it."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request

from workbench.local.api_gateway.gateway_responses import RefusedError
from workbench.template.rendered_api import RenderedMethod

API_ID = "local"
_SERVER = re.compile(r"^[^/?]+://[^/?]*")  # as clients of a proxy write it
_UNENCODED = re.compile(r"[|{}]")


@dataclass(frozen=True, kw_only=True)
class Call:
    """Request that has a method.

    Attributes:
        request: the request.
        request_id: its id.
        method: the method that it calls.
        path: its path below the stage, as the client encoded it.
        full_path: its path with the stage, where the client named one.
        parameters: values of the path's parameters, encoded, too.
        query: all values of each query parameter.
        stage: name of the stage.
        account: the id of the account.
        identity: what is known of a caller that signed, by the names of ``requestContext.identity``.
        authorizer: the words of the authorizer about the caller; None where no authorizer was asked.
    """

    request: Request
    request_id: str
    method: RenderedMethod
    path: str
    full_path: str
    parameters: Mapping[str, str]
    query: Mapping[str, list[str]]
    stage: str
    account: str
    identity: Mapping[str, str] = field(default_factory=dict)
    authorizer: Mapping[str, Any] | None = None


def target(request: Request) -> tuple[str, str]:
    """Path and query of the request line, as the client encoded them."""
    path, _, asked = _SERVER.sub("", request.environ["REQUEST_URI"]).partition("?")
    return path or "/", asked


def query(asked: str) -> dict[str, list[str]]:
    """All values of each query parameter, which a semicolon divides, too.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html

    Raises:
        RefusedError: it has a character that API Gateway takes in its encoded form alone.
    """
    if _UNENCODED.search(asked):
        raise RefusedError("DEFAULT_4XX", "Bad Request: percent-encode the characters | { } of the query", 400)
    values: dict[str, list[str]] = {}
    for name, value in urllib.parse.parse_qsl(asked.replace(";", "&"), keep_blank_values=True, errors="replace"):
        values.setdefault(name, []).append(value)
    return values
