from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from inference_api.errors import ApiError
from inference_api.messages import Frame, Inference, InferenceRequest
from inference_api.sagemaker.endpoint import Endpoint
from tests.detection_options import VALID

JPEG = b"\xff\xd8\xff\xe0 a frame"
REQUEST = InferenceRequest(frames={"frame": Frame(JPEG)})


@pytest.fixture
def endpoint() -> tuple[Endpoint, Stubber]:
    client = boto3.client(
        "sagemaker-runtime", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    return Endpoint(client, "name"), Stubber(client)


def _answer(text: bytes) -> dict[str, Any]:
    return {"Body": StreamingBody(io.BytesIO(text), len(text)), "ContentType": "application/json"}


def test_a_frame_goes_as_its_own_bytes(endpoint: tuple[Endpoint, Stubber]) -> None:
    sent = {
        "EndpointName": "name",
        "Body": JPEG,
        "ContentType": "image/jpeg",
        "Accept": "application/json",
        "InferenceId": "request-1",
        "CustomAttributes": "camera_id=gate%201%20%2F%20%E9%97%A8",
    }
    request = InferenceRequest(frames={"frame": Frame(JPEG)}, camera_id="gate 1 / 门")
    with endpoint[1] as stub:
        stub.add_response("invoke_endpoint", _answer(b"{}"), sent)
        assert endpoint[0].infer(request, "request-1") == Inference(b"{}", "application/json")


@pytest.mark.parametrize(
    ("attributes", "status", "headers"),
    [
        ("status=201&X-Model=7&X-Model=8", 201, {"X-Model": "7, 8"}),
        ("status=204", 204, {}),
        ("status=200&Location=%2Fplates%2F7&X-Empty=", 200, {"Location": "/plates/7", "X-Empty": ""}),
        ("status=200&Content-Length=1&x-request-id=7&Set-Cookie=a%0Db&X%20Y=1&X-Amzn-Trace-Id=1", 200, {}),
        ("status=500", 200, {}),  # SageMaker hands only successes on
        ("status=201; trace=7", 200, {}),
        ("trace=7", 200, {}),
        ("", 200, {}),
    ],
)
def test_a_program_gives_its_answer_a_status_and_headers(
    endpoint: tuple[Endpoint, Stubber], attributes: str, status: int, headers: dict[str, str]
) -> None:
    with endpoint[1] as stub:
        stub.add_response("invoke_endpoint", {**_answer(b'{"a": NaN}'), "CustomAttributes": attributes})
        answer = endpoint[0].infer(REQUEST, "r")
    assert answer == Inference(b'{"a": null}', "application/json", status, headers)


def test_options_go_as_parameters_of_the_content_type(endpoint: tuple[Endpoint, Stubber]) -> None:
    sent = {
        "EndpointName": "name",
        "Body": JPEG,
        "ContentType": "image/jpeg; min_confidence=1; max_results=1000; normalized=true; "
        "classes=person%2Ctraffic%20light",
        "Accept": "application/json",
        "InferenceId": "r",
        "CustomAttributes": "camera_id=unknown",
    }
    with endpoint[1] as stub:
        stub.add_response("invoke_endpoint", _answer(b"{}"), sent)
        endpoint[0].infer(InferenceRequest(frames={"frame": Frame(JPEG)}, options=VALID), "r")


@pytest.mark.parametrize(
    ("roles", "options", "images"),
    [
        (["source", "target"], {}, lambda image: {"source_image_bytes": image, "target_image_bytes": image}),
        (
            ["source", "target-0", "target-1"],
            {"max_results": 2},
            lambda image: {"source_image_bytes": image, "target_images_bytes": [image, image]},
        ),
        (["frame-0"], {"clip": True}, lambda image: {"images_bytes": [image]}),
        (["frame-0", "frame-1"], {"min_confidence": 0.5}, lambda image: {"images_bytes": [image, image]}),
    ],
)
def test_several_frames_go_as_json(
    endpoint: tuple[Endpoint, Stubber],
    roles: list[str],
    options: dict[str, Any],
    images: Callable[[str], dict[str, Any]],
) -> None:
    encoded = base64.b64encode(JPEG).decode()
    sent = {
        "EndpointName": "name",
        "Body": json.dumps({**images(encoded), **options}).encode(),
        "ContentType": "application/json",
        "Accept": "application/json",
        "InferenceId": "r",
        "CustomAttributes": "camera_id=unknown",
    }
    with endpoint[1] as stub:
        stub.add_response("invoke_endpoint", _answer(b"{}"), sent)
        frames = {role: Frame(JPEG) for role in roles}
        endpoint[0].infer(InferenceRequest(frames=frames, options=options), "r")


@pytest.mark.parametrize("content_type", ["text/json", "Text/JSON; charset=utf-8", "application/problem+json"])
def test_json_of_other_names_is_mended_too(content_type: str) -> None:
    mended = Inference.of_container(b"[NaN]", content_type)
    assert (mended.body, mended.is_json) == (b"[null]", True)
    assert Inference.of_container(b"NaN", "text/plain").body == b"NaN"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"[1.0, NaN, -Infinity]", b"[1.0, null, null]"),
        (b'{"label":"NaN"}', b'{"label":"NaN"}'),  # as it came, to the byte
        (b"[NaN", b"[NaN"),
    ],
)
def test_no_client_gets_numbers_that_json_does_not_have(
    endpoint: tuple[Endpoint, Stubber], said: bytes, told: bytes
) -> None:
    with endpoint[1] as stub:
        stub.add_response("invoke_endpoint", _answer(said))
        assert endpoint[0].infer(REQUEST, "r") == Inference(told)


def test_uris_go_as_they_are(endpoint: tuple[Endpoint, Stubber]) -> None:
    uris = ("s3://bucket/a.jpg", "s3://bucket/\ud800")
    sent = {
        "EndpointName": "name",
        "Body": json.dumps({"images": uris, "clip": True, "max_results": 3}).encode(),
        "ContentType": "application/json",
        "Accept": "application/json",
        "InferenceId": "r",
        "CustomAttributes": "camera_id=unknown",
    }
    with endpoint[1] as stub:
        stub.add_response("invoke_endpoint", _answer(b"{}"), sent)
        endpoint[0].infer(InferenceRequest(frames={}, uris=uris, options={"clip": True, "max_results": 3}), "r")


@pytest.mark.parametrize(
    ("endpoint_type", "size", "advice"),
    [("real-time", 6_291_456, "send a smaller frame"), ("serverless", 4_194_304, "endpointType=real-time")],
)
def test_a_payload_over_the_limit_of_its_kind_is_not_sent(
    endpoint: tuple[Endpoint, Stubber], endpoint_type: str, size: int, advice: str
) -> None:
    served = Endpoint(endpoint[0]._client, "name", endpoint_type=endpoint_type)
    with endpoint[1] as stub:
        stub.add_response("invoke_endpoint", _answer(b"{}"))
        served.infer(InferenceRequest(frames={"frame": Frame(bytes(size))}), "r")
    with pytest.raises(ApiError) as raised:
        served.infer(InferenceRequest(frames={"frame": Frame(bytes(size + 1))}), "r")
    assert (raised.value.status, raised.value.code) == (413, "PayloadTooLarge")
    assert f"a {endpoint_type} endpoint takes at most {size}" in str(raised.value)
    assert advice in str(raised.value)


CONTAINER_ERROR = json.dumps({"error": {"code": "InvalidImage", "message": "send a JPEG", "request_id": "r"}})


@pytest.mark.parametrize(
    ("code", "original_status", "original_message", "status", "api_code"),
    [
        ("ModelError", 400, CONTAINER_ERROR, 400, "InvalidImage"),
        ("ModelError", 403, CONTAINER_ERROR.replace("InvalidImage", "ObjectDenied"), 403, "ObjectDenied"),
        ("ModelError", 404, CONTAINER_ERROR.replace("InvalidImage", "ObjectNotFound"), 404, "ObjectNotFound"),
        ("ModelError", 415, "plain text of a user's image", 415, "InvalidRequest"),
        ("ModelError", 422, '["json of another shape"]', 422, "InvalidRequest"),
        ("ModelError", 500, CONTAINER_ERROR, 502, "ModelFailed"),
        ("ModelError", 503, CONTAINER_ERROR, 503, "EndpointUnavailable"),
        ("ModelError", 503, "no JSON", 503, "EndpointUnavailable"),
        ("ThrottlingException", None, None, 503, "EndpointUnavailable"),
        ("ValidationError", None, None, 503, "EndpointUnavailable"),
        ("ModelNotReadyException", None, None, 503, "EndpointUnavailable"),
    ],
)
def test_failures_in_the_apis_words(
    endpoint: tuple[Endpoint, Stubber],
    code: str,
    original_status: int | None,
    original_message: str | None,
    status: int,
    api_code: str,
) -> None:
    fields = {"OriginalStatusCode": original_status, "OriginalMessage": original_message}
    with endpoint[1] as stub:
        stub.add_client_error(
            "invoke_endpoint", code, "no", 424, modeled_fields={k: v for k, v in fields.items() if v is not None}
        )
        with pytest.raises(ApiError) as raised:
            endpoint[0].infer(REQUEST, "r")
    assert (raised.value.status, raised.value.code) == (status, api_code)
    if original_message == CONTAINER_ERROR and status != 502:
        assert str(raised.value) == "send a JPEG"


@pytest.mark.parametrize(
    ("code", "http_status", "status", "retry_after"),
    [
        ("ThrottlingException", 400, 503, 1),
        ("TooManyRequestsException", 429, 503, 1),
        ("ModelNotReadyException", 429, 503, 1),
        ("ServiceUnavailable", 503, 503, 1),
        ("InternalFailure", 500, 503, 1),
        ("InternalDependencyException", 530, 503, 1),
        ("502", 502, 503, 1),  # an answer without a code, from what stands in front
        ("ValidationError", 400, 503, None),
        ("AccessDeniedException", 403, 503, None),
        ("AccessDenied", 403, 503, None),
        ("ExpiredTokenException", 403, 503, None),
        ("InvalidSignatureException", 403, 503, None),
        ("UnknownOperationException", 404, 503, None),
        ("413", 413, 413, None),
        ("ValidationError", 413, 413, None),
    ],
)
def test_a_client_waits_only_where_waiting_helps(
    endpoint: tuple[Endpoint, Stubber], code: str, http_status: int, status: int, retry_after: int | None
) -> None:
    with endpoint[1] as stub:
        stub.add_client_error("invoke_endpoint", code, "no", http_status)
        with pytest.raises(ApiError) as raised:
            endpoint[0].infer(REQUEST, "r")
    assert (raised.value.status, raised.value.retry_after_seconds) == (status, retry_after)


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (ReadTimeoutError(endpoint_url="x"), 504),
        (ConnectTimeoutError(endpoint_url="x"), 504),
        (EndpointConnectionError(endpoint_url="x"), 503),
        (ConnectionClosedError(endpoint_url="x"), 503),
    ],
)
def test_no_answer(
    endpoint: tuple[Endpoint, Stubber], monkeypatch: pytest.MonkeyPatch, failure: Exception, status: int
) -> None:
    def fail(**_: Any) -> None:
        raise failure

    monkeypatch.setattr(endpoint[0]._client, "invoke_endpoint", fail)
    with pytest.raises(ApiError) as raised:
        endpoint[0].infer(REQUEST, "r")
    assert raised.value.status == status
