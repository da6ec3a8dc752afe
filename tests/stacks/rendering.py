"""Renders the template for parameters, as the tests of the constructs need it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.template.parameters import check
from workbench.template.rendered_template import render_template

REGIONS = ("us-east-1", "cn-north-1")


def rendered(template: Mapping[str, Any], region: str = "us-east-1", **given: str) -> dict[str, dict[str, Any]]:
    """The resources that CloudFormation would make, by logical id."""
    resources: dict[str, dict[str, Any]] = render_template(template, check(template, given), region)["Resources"]
    return resources


def of_type(resources: Mapping[str, Mapping[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    """The properties of all resources of a type, by logical id."""
    return {
        logical_id: resource["Properties"] for logical_id, resource in resources.items() if resource["Type"] == kind
    }


def only(resources: Mapping[str, Mapping[str, Any]], kind: str) -> dict[str, Any]:
    """The properties of the one resource of a type."""
    (properties,) = of_type(resources, kind).values()
    return properties


def events_bucket(resources: Mapping[str, Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Logical id and properties of the events' bucket; the other one holds its access logs."""
    ((logical_id, properties),) = (
        (name, properties)
        for name, properties in of_type(resources, "AWS::S3::Bucket").items()
        if "LoggingConfiguration" in properties
    )
    return logical_id, properties
