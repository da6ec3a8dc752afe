"""JSON schemas of what the service takes, and the sentences that refuse what does not fit them.

A schema is no stricter than the function, and uses only keywords that API Gateway is known to check.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DRAFT = "http://json-schema.org/draft-04/schema#"
_STRINGS = {"type": "array", "items": {"type": "string"}}
# Null is as good as none for every key of a detection. 'clip' means nothing beside one image, whatever it is then.
DETECTION_OPTIONS: dict[str, dict[str, Any]] = {
    "min_confidence": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
    "max_results": {"type": ["integer", "null"], "minimum": 1, "maximum": 1000},
    "normalized": {"type": ["boolean", "null"]},
    "classes": {"type": ["array", "string", "null"], "items": {"type": "string"}},
}
DETECTION: dict[str, Any] = {
    "$schema": _DRAFT,
    "type": "object",
    "properties": {
        "image_base64_enc": {"type": ["string", "null"]},
        "images_base64_enc": {**_STRINGS, "type": ["array", "null"]},
        "images": {**_STRINGS, "type": ["array", "null"]},
        **DETECTION_OPTIONS,
    },
}
# Options of a comparison are the container's, which may be the operator's own. 'target_image' means nothing beside
# 'target_images', whatever it is then.
COMPARISON: dict[str, Any] = {
    "$schema": _DRAFT,
    "type": "object",
    "required": ["source_image"],
    "properties": {"source_image": {"type": "string"}, "target_images": _STRINGS},
}
_KINDS = {
    "number": "a number from {minimum} to {maximum}",
    "integer": "a whole number from {minimum} to {maximum}",
    "boolean": "true or false",
    "array": "names with commas between, or a list of names: 1 to 100, each of up to 100 characters",
}


def words(option: Mapping[str, Any]) -> str:
    """Words for the values that an option takes: "a whole number from 1 to 1000"."""
    kind = option["type"] if isinstance(option["type"], str) else option["type"][0]
    return _KINDS[kind].format_map(option)


def _listed(options: Mapping[str, Mapping[str, Any]]) -> str:
    (first, schema), *others = options.items()
    return ", ".join([f"{first} is {words(schema)}", *(f"{name} {words(schema)}" for name, schema in others)])


DETECTION_REFUSAL = (
    "send a JSON object, or an image with its Content-Type (image/jpeg): image_base64_enc is a string, "
    f"images_base64_enc and images are lists of strings, {_listed(DETECTION_OPTIONS)}"
)
COMPARISON_REFUSAL = (
    "send a JSON object with source_image, the image in base64 as a string; target_images is a list of such strings"
)
