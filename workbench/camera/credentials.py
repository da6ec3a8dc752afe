"""Authentication of a caller of the API: a key, or a signature with AWS credentials."""

from __future__ import annotations

import re
from collections.abc import Generator

import boto3
import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from workbench.errors import WorkbenchError

_HOST_OF_API = re.compile(r"[^.]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?")


class ApiKey(httpx.Auth):
    """API key in the header that API Gateway reads."""

    def __init__(self, key: str) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        request.headers["X-Api-Key"] = self._key
        yield request


class Signature(httpx.Auth):
    """AWS Signature 4 with the credentials of this machine."""

    requires_request_body = True

    def __init__(self) -> None:
        session = boto3.session.Session()
        credentials = session.get_credentials()
        if credentials is None:
            raise WorkbenchError("there are no AWS credentials to sign with; configure a profile, or leave --sign out")
        self._credentials = credentials
        self._region = session.region_name or "us-east-1"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign the request for the region in the API's host name."""
        host = _HOST_OF_API.fullmatch(request.url.host)
        signed = AWSRequest(
            request.method, str(request.url), data=request.content, headers={"Host": request.headers["Host"]}
        )
        SigV4Auth(self._credentials, "execute-api", host[1] if host else self._region).add_auth(signed)
        request.headers.update({name: value for name, value in signed.headers.items() if name.lower() != "host"})
        yield request
