"""``InvokeEndpoint`` of the SageMaker runtime without the AWS SDK.

Names and exceptions are those of boto3's client, so that ``endpoint`` takes either. Loading boto3 for this call takes
longer than the rest of a cold start, and boto3 copies the frame once more, behind its headers (docs/decisions/0028).
"""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import select
import urllib.parse
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, HTTPClientError
from botocore.exceptions import ReadTimeoutError as AnswerTimeoutError

from inference_api.sagemaker.signature import signed
from inference_api.settings import AwsAccess

_SERVICE = "sagemaker"
_CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
_CONNECTIONS: dict[str, Callable[..., http.client.HTTPConnection]] = {
    "https": http.client.HTTPSConnection,
    "http": http.client.HTTPConnection,
}


class RuntimeClient:
    """The SageMaker runtime of one region, its connection kept between calls. Not thread-safe."""

    def __init__(self, access: AwsAccess, *, connect_timeout: float, read_timeout: float) -> None:
        """Prepare a connection, which the first call opens.

        Args:
            access: the region, its address and the credentials.
            connect_timeout: seconds until a connection is given up.
            read_timeout: seconds that each piece of an answer may take.
        """
        self._access = access
        self._url = urllib.parse.urlsplit(access.sagemaker_runtime_url)
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._connection = self._new_connection()

    def invoke_endpoint(
        self, *, EndpointName: str, Body: bytes, ContentType: str, Accept: str, InferenceId: str, CustomAttributes: str
    ) -> dict[str, Any]:
        """Send a body to an endpoint, without a copy and without retries.

        Returns:
            ``Body``, a file object of the answer, and ``ContentType`` and ``CustomAttributes``, which may be empty.

        Raises:
            ClientError: the runtime or the container refused or failed.
            ConnectTimeoutError: the connection was not accepted in time.
            ReadTimeoutError: a piece of the answer did not come in time.
            EndpointConnectionError: there is no connection.
            HTTPClientError: the connection broke.
        """
        path = f"{self._url.path.rstrip('/')}/endpoints/{urllib.parse.quote(EndpointName, safe='')}/invocations"
        headers = {
            "Accept": Accept,
            "Content-Type": ContentType,
            _CUSTOM_ATTRIBUTES: CustomAttributes,
            "X-Amzn-SageMaker-Inference-Id": InferenceId,
        }
        sent = signed(
            headers,
            host=self._url.netloc,
            path=path,
            body=Body,
            credentials=self._access.credentials,
            region=self._access.region,
            service=_SERVICE,
        )
        self._connect()
        try:
            # Header values are signed as UTF-8; http.client would send text as Latin-1, or not at all.
            with contextlib.suppress(BrokenPipeError):  # a refusal may come before the body is sent
                self._connection.request("POST", path, Body, {name: value.encode() for name, value in sent.items()})
            answer = self._connection.getresponse()
            body = answer.read()
        except TimeoutError as error:
            self.close()
            raise AnswerTimeoutError(endpoint_url=self._url.geturl()) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise HTTPClientError(error=error) from error
        if answer.status != http.client.OK:
            raise _client_error(answer, body)
        return {
            "Body": io.BytesIO(body),
            "ContentType": answer.headers.get("Content-Type", ""),
            "CustomAttributes": answer.headers.get(_CUSTOM_ATTRIBUTES, ""),
        }

    def close(self) -> None:
        """Close the connection, so that the next call reads nothing left over from a failed one."""
        self._connection.close()
        self._connection = self._new_connection()

    def _new_connection(self) -> http.client.HTTPConnection:
        return _CONNECTIONS[self._url.scheme](self._url.netloc, timeout=self._connect_timeout)

    def _connect(self) -> None:
        """Open the connection, unless the one kept is still open."""
        if self._connection.sock is not None:
            if not select.select([self._connection.sock], [], [], 0)[0]:
                return
            self.close()  # readable before a request was sent: the other side closed it
        try:
            self._connection.connect()
        except TimeoutError as error:
            self.close()
            raise ConnectTimeoutError(endpoint_url=self._url.geturl()) from error
        except OSError as error:
            self.close()
            raise EndpointConnectionError(endpoint_url=self._url.geturl(), error=error) from error
        self._connection.sock.settimeout(self._read_timeout)


def _client_error(answer: http.client.HTTPResponse, body: bytes) -> ClientError:
    """The error that boto3 raises: the service's code, with the container's answer beside it."""
    try:
        document = json.loads(body)
    except ValueError:
        document = {}
    said: dict[str, Any] = document if isinstance(document, dict) else {}
    kind = answer.headers.get("x-amzn-ErrorType") or said.get("code") or said.get("__type") or str(answer.status)
    code = str(kind).split(":")[0].split("#")[-1]
    message = str(said.get("message") or said.get("Message") or "")
    return ClientError(
        {**said, "Error": {"Code": code, "Message": message}},  # type: ignore[typeddict-item]
        "InvokeEndpoint",
    )
