"""A real-time SageMaker endpoint, and its failures in the API's own words."""

from __future__ import annotations

import base64
import json
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
    ModelFailedError,
    PayloadTooLargeError,
    RefusedByModelError,
)
from inference_api.messages import JSON, Inference, InferenceRequest

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

    from inference_api.sagemaker.runtime_client import RuntimeClient

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
"""SageMaker's limit for a real-time invocation."""

_MAX_CAMERA_LENGTH = 64  # percent-encoded at most 768 characters; SageMaker takes 1024


class Endpoint:
    """One real-time endpoint."""

    def __init__(self, client: RuntimeClient | SageMakerRuntimeClient, name: str) -> None:
        self._client = client
        self._name = name

    def infer(self, request: InferenceRequest, request_id: str) -> Inference:
        """Send the frames and return the container's answer.

        Args:
            request: one frame goes as its own bytes, its options as parameters of the content type; several go as
                JSON with base64, S3 URIs as JSON.
            request_id: this request's id, at most 64 characters; the container logs it.

        Raises:
            ApiError: the endpoint refused, failed, timed out or cannot be reached.
        """
        body, content_type = payload(request)
        if len(body) > MAX_PAYLOAD_BYTES:
            raise PayloadTooLargeError(
                f"the request has {len(body)} bytes for the endpoint; it takes at most {MAX_PAYLOAD_BYTES}"
            )
        try:
            answer = self._client.invoke_endpoint(
                EndpointName=self._name,
                Body=body,
                ContentType=content_type,
                Accept=request.accept,
                InferenceId=request_id,
                CustomAttributes=custom_attributes(request),
            )
            return Inference(answer["Body"].read(), answer.get("ContentType") or JSON)
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


def payload(request: InferenceRequest) -> tuple[bytes, str]:
    """The body for the container, and its content type."""
    if list(request.frames) == ["frame"]:
        frame = request.frames["frame"]
        options = "".join(f"; {name}={json.dumps(value)}" for name, value in request.options.items())
        return frame.body, frame.content_type + options
    return json.dumps({**_images(request), **request.options}).encode(), JSON


def _images(request: InferenceRequest) -> dict[str, Any]:
    """The images of a request under the container's keys."""
    if request.uris:
        return {"images": request.uris}
    encoded = {role: base64.b64encode(frame.body).decode() for role, frame in request.frames.items()}
    if "source" not in encoded:
        return {"images_bytes": list(encoded.values())}
    source = {"source_image_bytes": encoded.pop("source")}
    if "target" in encoded:
        return source | {"target_image_bytes": encoded["target"]}
    return {**source, "target_images_bytes": list(encoded.values())}


def _translated(error: ClientError) -> ApiError:
    response: dict[str, Any] = dict(error.response)
    code = response.get("Error", {}).get("Code", "")
    if code != "ModelError":
        # Throttling, a model that loads, an endpoint being created or deleted: no camera can mend these, so 503.
        return EndpointUnavailableError(f"the endpoint is not available ({code}); try again shortly")
    return translated_failure(
        int(response.get("OriginalStatusCode", 500)), _container_error(response.get("OriginalMessage", ""))
    )


def translated_failure(status: int, refusal: dict[str, Any]) -> ApiError:
    """Translate the container's failure into the API's words.

    Args:
        status: the container's HTTP status.
        refusal: its error object; empty when it has another shape.
    """
    if 400 <= status < 500:
        return RefusedByModelError(
            status, refusal.get("code", "InvalidRequest"), refusal.get("message", "the model refused the request")
        )
    if status == EndpointUnavailableError.status:
        overloaded = "the endpoint is overloaded or still loading its model; try again shortly"
        return EndpointUnavailableError(refusal.get("message", overloaded))
    return ModelFailedError("the model failed on this request; the endpoint's log has the reason")


def _container_error(message: str) -> dict[str, Any]:
    """The error object of the container's answer; empty for another shape, as users' own images may have."""
    try:
        document = json.loads(message)
    except ValueError:
        return {}
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, dict) else {}
