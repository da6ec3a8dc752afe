"""Methods of the REST API, read from the rendered template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.template.rendered_resources import of_kind


@dataclass(frozen=True)
class RenderedMethod:
    """Method of the API: its path, HTTP method, integration and requirements for callers, as rendered.

    Attributes:
        path: the path, with a slash at its beginning.
        http_method: such as ``POST``, or ``ANY``.
        integration: the integration that answers.
        requires_key: whether callers send the API key.
        authorization: ``NONE``, ``AWS_IAM`` for signatures, or ``CUSTOM`` for the authorizer's word.
    """

    path: str
    http_method: str
    integration: Mapping[str, Any]
    requires_key: bool
    authorization: str


def rendered_methods(resources: Mapping[str, Any]) -> tuple[RenderedMethod, ...]:
    """Read all methods, with the paths of the resources that they belong to."""

    def path(resource_id: str) -> str:
        resource = resources.get(resource_id)
        if resource is None or resource["Type"] != "AWS::ApiGateway::Resource":
            return ""
        properties = resource["Properties"]
        return f"{path(properties['ParentId'])}/{properties['PathPart']}"

    return tuple(
        RenderedMethod(
            path(method["ResourceId"]) or "/",
            method["HttpMethod"],
            method["Integration"],
            requires_key=bool(method.get("ApiKeyRequired")),
            authorization=method.get("AuthorizationType", "NONE"),
        )
        for _, method in of_kind(resources, "AWS::ApiGateway::Method")
    )
