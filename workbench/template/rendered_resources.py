"""Resources of the rendered template, found by their kind, with possible physical names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def of_kind(resources: Mapping[str, Any], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Logical id and properties of each resource of a CloudFormation type."""
    return ((name, each.get("Properties", {})) for name, each in resources.items() if each["Type"] == kind)


def only(resources: Mapping[str, Any], kind: str) -> tuple[str, dict[str, Any]]:
    """Logical id and properties of the one resource of a type."""
    (found,) = of_kind(resources, kind)
    return found


def physical_names(resources: Mapping[str, Any]) -> dict[str, str]:
    """Possible physical names by logical id, in lower case, because buckets require it."""
    return {logical_id: f"local-{logical_id.lower()}" for logical_id in resources}


def named(environment: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Replace references to resources (``ID`` or ``ID.Attribute``) in an environment by their names."""
    return {key: names.get(str(value).split(".")[0], str(value)) for key, value in environment.items()}


def events_bucket(resources: Mapping[str, Any]) -> str:
    """Logical id of the events' bucket; the other bucket holds its access logs."""
    buckets = of_kind(resources, "AWS::S3::Bucket")
    ((logical_id),) = (logical_id for logical_id, properties in buckets if "LoggingConfiguration" in properties)
    return logical_id
