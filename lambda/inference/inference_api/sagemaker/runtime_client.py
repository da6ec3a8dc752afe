"""``InvokeEndpoint`` of the SageMaker runtime without the AWS SDK.

Names and exceptions are those of boto3's client, so that ``endpoint`` takes either. Loading boto3 for this call takes
longer than the rest of a cold start, and boto3 copies the frame once more, behind its headers (docs/decisions/0028).
"""

from __future__ import annotations

import io
import json
import urllib.parse
from typing import Any

from botocore.exceptions import ClientError

from inference_api.sagemaker.kept_connection import Answer, KeptConnection
from inference_api.sagemaker.signature import signed
from inference_api.settings import AwsAccess

_SERVICE = "sagemaker"
_OK = 200
_CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"


class RuntimeClient:
    """The SageMaker runtime of one region, its connection kept between calls. Not thread-safe."""

    def __init__(self, access: AwsAccess, *, connect_timeout: float, read_timeout: float) -> None:
        """Prepare a connection, which the first call opens.

        Args:
            access: the region, its address and the credentials.
            connect_timeout: seconds until a connection is given up.
            read_timeout: seconds that sending and the whole answer may take.
        """
        self._access = access
        self._url = urllib.parse.urlsplit(access.sagemaker_runtime_url)
        self._connection = KeptConnection(
            access.sagemaker_runtime_url, connect_timeout=connect_timeout, read_timeout=read_timeout
        )

    def invoke_endpoint(
        self, *, EndpointName: str, Body: bytes, ContentType: str, Accept: str, InferenceId: str, CustomAttributes: str
    ) -> dict[str, Any]:
        """Send a body to an endpoint, without a copy; ``kept_connection`` says when a second time.

        Returns:
            ``Body``, a file object of the answer, and ``ContentType`` and ``CustomAttributes``, which may be empty.

        Raises:
            ClientError: the runtime or the container refused or failed.
            ConnectTimeoutError: the connection was not accepted in time.
            ReadTimeoutError: the whole answer did not come in time.
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
        answer = self._connection.post(path, sent, Body)
        if answer.status != _OK:
            raise _client_error(answer)
        return {
            "Body": io.BytesIO(answer.body),
            "ContentType": answer.headers.get("Content-Type", ""),
            "CustomAttributes": answer.headers.get(_CUSTOM_ATTRIBUTES, ""),
        }

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._connection.close()


def _client_error(answer: Answer) -> ClientError:
    """The error that boto3 raises: the service's code and status, with the container's answer beside it."""
    try:
        document = json.loads(answer.body)
    except ValueError:
        document = {}
    said: dict[str, Any] = document if isinstance(document, dict) else {}
    kind = answer.headers.get("x-amzn-ErrorType") or said.get("code") or said.get("__type") or str(answer.status)
    code = str(kind).split(":")[0].split("#")[-1]
    message = str(said.get("message") or said.get("Message") or "")
    response = {
        **said,
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": answer.status},
    }
    return ClientError(response, "InvokeEndpoint")  # type: ignore[arg-type]
