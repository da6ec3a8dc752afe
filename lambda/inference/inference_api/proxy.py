"""API Gateway's proxy events and answers, and the routes.

Powertools' event handler has them too, but loading it takes a third of a cold start.
"""

from __future__ import annotations

import base64
import functools
import re
import urllib.parse
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

_Answers = TypeVar("_Answers", bound="Callable[..., Response]")
_EXTENDED = re.compile(r"utf-8'[A-Za-z0-9-]*'(.*)", re.IGNORECASE)
_PARAMETER = re.compile(r"\{(\w+)\}")
_PLAIN = re.compile(r"[ -~]+")
_ECHOED_CHARACTERS = 256
CREDENTIALS_IN_QUERY = ("k", "key")
"""Names of the query parameter that holds a camera's key."""
_IN_HEADERS = frozenset({"authorization", "proxy-authorization", "x-api-key", "cookie"})
_OF_A_SIGNATURE = "x-amz-"


@dataclass(frozen=True)
class Request:
    """One event of Lambda's proxy integration, and Lambda's id of its invocation.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """

    event: Mapping[str, Any]
    invocation_id: str

    @property
    def method(self) -> str:
        """The HTTP method."""
        return str(self.event["httpMethod"])

    @property
    def path(self) -> str:
        """The path behind the stage."""
        return str(self.event["path"])

    @property
    def path_with_stage(self) -> str:
        """The path as the client sent it, with the stage or the base path of a custom domain."""
        return str(self.event["requestContext"]["path"])

    @property
    def request_id(self) -> str:
        """API Gateway's id of this request, else Lambda's; unlike the client's own id it is unique."""
        return str((self.event.get("requestContext") or {}).get("requestId") or self.invocation_id)

    @property
    def caller(self) -> str:
        """The API key or the IAM identity of the caller, without the name of its session; empty where there is none."""
        return self.identity.get("apiKeyId") or (self.identity.get("caller") or "").split(":")[0]

    @property
    def identity(self) -> Mapping[str, Any]:
        """API Gateway's words about the caller: its address, and who signed."""
        return (self.event.get("requestContext") or {}).get("identity") or {}

    @property
    def authorizer(self) -> Mapping[str, Any]:
        """The words of the function that let the caller in; empty where none did."""
        return (self.event.get("requestContext") or {}).get("authorizer") or {}

    @functools.cached_property
    def headers(self) -> dict[str, str]:
        """The headers, their names in lower case."""
        return {name.lower(): value for name, value in (self.event.get("headers") or {}).items()}

    def word(self, name: str) -> str | None:
        """The text of a header in UTF-8, sent as its bytes or in the form of RFC 8187; None without the header.

        API Gateway may hand bytes of UTF-8 over as characters of Latin-1, one each.

        Args:
            name: the header's name, in lower case.
        """
        value = self.headers.get(name)
        if value is None:
            return None
        encoded = _EXTENDED.fullmatch(value.strip())
        if encoded:
            return urllib.parse.unquote(encoded[1], errors="replace")
        try:
            return value.encode("latin-1").decode()
        except UnicodeError:
            return value

    def without_credential(self) -> Request:
        """The request without the credential and the signature of its caller, for what reads or keeps it further."""
        query = {name: value for name, value in self.query.items() if not _is_credential(name, CREDENTIALS_IN_QUERY)}
        headers = {name: value for name, value in self.headers.items() if not _is_credential(name, _IN_HEADERS)}
        return Request({**self.event, "queryStringParameters": query, "headers": headers}, self.invocation_id)

    @property
    def body(self) -> str:
        """The body: text unchanged, binary in base64."""
        return self.event.get("body") or ""

    @property
    def is_base64(self) -> bool:
        """True when the body is in base64."""
        return bool(self.event.get("isBase64Encoded"))

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters; of a repeated one the last."""
        return self.event.get("queryStringParameters") or {}

    @property
    def repeated_query(self) -> Mapping[str, list[str]]:
        """All values of the query parameters."""
        return self.event.get("multiValueQueryStringParameters") or {}


@dataclass(frozen=True)
class Response:
    """An answer; text passes as text, bytes in base64."""

    status: int
    content_type: str
    body: str | bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Api:
    """The routes, and the form of answers. It keeps nothing of a request."""

    def __init__(self, *, expose_headers: Sequence[str]) -> None:
        """Prepare answers.

        Args:
            expose_headers: headers of an answer that a page of any origin may read; API Gateway answers preflights.
        """
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Response]]] = []
        self._cors = {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": ",".join(expose_headers),
        }

    def route(self, method: str, path: str) -> Callable[[_Answers], _Answers]:
        """Register a function for a method and a path; it gets the path's ``{parts}`` as keywords."""
        pattern = re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", path) + "/*")

        def register(answers: _Answers) -> _Answers:
            self._routes.append((method, pattern, answers))
            return answers

        return register

    def answering(self, request: Request) -> Callable[..., Response] | None:
        """The function registered for a request, with the parts of its path bound; None without a route."""
        for method, pattern, answers in self._routes:
            found = pattern.fullmatch(request.path)
            if found and method == request.method:
                return functools.partial(answers, **found.groupdict())
        return None

    def document(self, request: Request, response: Response) -> dict[str, Any]:
        """The answer in API Gateway's form."""
        headers = {
            "Content-Type": response.content_type,
            **response.headers,
            **_client_request_id(request),
            **(self._cors if "origin" in request.headers else {}),
        }
        is_bytes = isinstance(response.body, bytes)
        return {
            "statusCode": response.status,
            "body": base64.b64encode(response.body).decode() if isinstance(response.body, bytes) else response.body,
            "isBase64Encoded": is_bytes,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
        }


def _is_credential(name: str, names: Collection[str]) -> bool:
    return name.lower() in names or name.lower().startswith(_OF_A_SIGNATURE)


def _client_request_id(request: Request) -> dict[str, str]:
    """The client's own id, back to the client; what a header cannot hold is in the form of RFC 8187."""
    value = (request.word("x-request-id") or "").strip()[:_ECHOED_CHARACTERS]
    if not value:
        return {}
    plain = value if _PLAIN.fullmatch(value) else f"UTF-8''{urllib.parse.quote(value, safe='', errors='replace')}"
    return {"X-Client-Request-Id": plain}
