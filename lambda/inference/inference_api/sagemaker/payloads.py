"""The body that the container gets: the image itself, or the JSON that containers of the first guide read.

The older JSON is ``{"image_bytes": BASE64, "short_size": PIXELS}``, and for a comparison
``{"source_image_bytes": BASE64, "target_image_bytes": BASE64}``: one image or one pair a request, and no options.
"""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from inference_api.errors import InvalidRequestError
from inference_api.messages import JSON, InferenceRequest

_LONGEST_CONTENT_TYPE = 1024  # boto3's model of ``InvokeEndpoint``

Payload = Callable[[InferenceRequest], tuple[bytes, str]]
"""Makes the body for the container and its content type."""


def in_form(older_short_size: int | None) -> Payload:
    """The form that the container reads.

    Args:
        older_short_size: None for the image itself; else the older JSON has this ``short_size``.
    """
    if older_short_size is None:
        return payload
    return functools.partial(older_json, short_size=older_short_size)


def payload(request: InferenceRequest) -> tuple[bytes, str]:
    """One frame as its own bytes, its options as parameters of the content type; several as JSON; S3 URIs as JSON.

    One frame is JSON, too, where the content type cannot hold the names of its options.
    """
    if list(request.frames) == ["frame"]:
        frame = request.frames["frame"]
        options = "".join(f"; {name}={_parameter(value)}" for name, value in request.options.items())
        if len(content_type := frame.content_type + options) <= _LONGEST_CONTENT_TYPE and not _commas(request):
            return frame.body, content_type
        encoded = base64.b64encode(frame.body).decode()
        return json.dumps({"image_bytes": encoded, **request.options}).encode(), JSON
    return json.dumps({**_images(request), **request.options}).encode(), JSON


def _parameter(value: Any) -> str:
    """Value of an option in the content type: JSON, or names, percent-encoded with commas between."""
    return quote(",".join(value), safe="") if isinstance(value, tuple) else json.dumps(value)


def _commas(request: InferenceRequest) -> bool:
    """True where a name has a comma, which the content type has between names."""
    return any("," in name for names in request.options.values() if isinstance(names, tuple) for name in names)


def older_json(request: InferenceRequest, *, short_size: int) -> tuple[bytes, str]:
    """The older JSON; the body of a custom application that is no image stays as it is.

    Raises:
        InvalidRequestError: the older JSON has no place for the request's options, or for so many images.
    """
    if request.options:
        raise InvalidRequestError(f"the model takes no options; leave {', '.join(map(repr, request.options))} out")
    if list(request.frames) == ["frame"]:
        frame = request.frames["frame"]
        if frame.declared_type is not None and not frame.is_image and not frame.declares_image:
            return frame.body, frame.declared_type
        document: dict[str, Any] = {"image_bytes": base64.b64encode(frame.body).decode(), "short_size": short_size}
    elif set(request.frames) == {"source", "target"}:
        document = _images(request)
    else:
        raise InvalidRequestError(
            "the model takes one image a request, or a pair to compare, and no S3 URIs; send each in a request of its "
            "own, as image_base64_enc, or as source_image and target_image"
        )
    return json.dumps(document).encode(), JSON


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
