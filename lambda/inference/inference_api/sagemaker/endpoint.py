"""A SageMaker endpoint that answers at once, and its failures in the API's own words."""

from __future__ import annotations

import urllib.parse
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from inference_api.errors import (
    ApiError,
    EndpointTimeoutError,
    EndpointUnavailableError,
)
from inference_api.messages import JSON, Inference, InferenceRequest
from inference_api.sagemaker import limits
from inference_api.sagemaker.own_answers import with_own_answer
from inference_api.sagemaker.payloads import Payload
from inference_api.sagemaker.payloads import payload as as_images
from inference_api.sagemaker.refusals import translated_failure
from inference_api.sagemaker.service_errors import translated_service_error

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

    from inference_api.sagemaker.runtime_client import RuntimeClient

_IN_BASE64 = "request, in which base64 makes an image a third larger,"
_MAX_CAMERA_LENGTH = 64  # percent-encoded at most 768 characters; SageMaker takes 1024


class Endpoint:
    """One endpoint that answers at once."""

    def __init__(
        self,
        client: RuntimeClient | SageMakerRuntimeClient,
        name: str,
        *,
        endpoint_type: str = "real-time",
        payload: Payload = as_images,
    ) -> None:
        """Take a client.

        Args:
            client: the client of the SageMaker runtime, ours or boto3's.
            name: the endpoint's name.
            endpoint_type: ``real-time`` or ``serverless``.
            payload: the form in which the container reads requests.
        """
        self._client = client
        self._name = name
        self._endpoint_type = endpoint_type
        self._payload = payload

    def infer(self, request: InferenceRequest, request_id: str) -> Inference:
        """Send the frames and return the container's answer.

        Args:
            request: the frames and options.
            request_id: this request's id, at most 64 characters; the container logs it.

        Raises:
            ApiError: the endpoint refused, failed, timed out or cannot be reached.
        """
        body, content_type = self._payload(request)
        limits.require_fit(len(body), self._endpoint_type, subject=_IN_BASE64 if content_type == JSON else "request")
        try:
            answer = self._client.invoke_endpoint(
                EndpointName=self._name,
                Body=body,
                ContentType=content_type,
                Accept=request.accept,
                InferenceId=request_id,
                CustomAttributes=custom_attributes(request),
            )
            result = Inference.of_container(answer["Body"].read(), answer.get("ContentType") or JSON)
            return with_own_answer(result, answer.get("CustomAttributes", ""))
        except (ConnectTimeoutError, ReadTimeoutError) as error:
            raise EndpointTimeoutError("the endpoint did not answer in time; send the frame again") from error
        except (EndpointConnectionError, HTTPClientError, ResponseStreamingError, IncompleteReadError) as error:
            raise EndpointUnavailableError("the endpoint cannot be reached; try again shortly") from error
        except ClientError as error:
            raise _translated(error) from error

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        self._client.close()


def custom_attributes(request: InferenceRequest) -> str:
    """The part of a request that the container logs beside its id."""
    return f"camera_id={urllib.parse.quote(request.camera_id[:_MAX_CAMERA_LENGTH], safe='')}"


def _translated(error: ClientError) -> ApiError:
    response: dict[str, Any] = dict(error.response)
    code = response.get("Error", {}).get("Code", "")
    if code != "ModelError":
        return translated_service_error(error)
    return translated_failure(int(response.get("OriginalStatusCode", 500)), str(response.get("OriginalMessage", "")))
