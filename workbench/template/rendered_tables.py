"""DynamoDB tables of the rendered template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.template.rendered_resources import of_kind

_DEFINITION = ("KeySchema", "AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes")


@dataclass(frozen=True)
class RenderedTable:
    """Table.

    Attributes:
        name: its name.
        definition: what DynamoDB's ``CreateTable`` takes besides the name: keys, their types, and the billing.
        expires: the attribute with the second after which an item is removed; None where items stay.
    """

    name: str
    definition: Mapping[str, Any]
    expires: str | None


def rendered_tables(resources: Mapping[str, Any], names: Mapping[str, str]) -> tuple[RenderedTable, ...]:
    """Read all tables."""
    return tuple(
        RenderedTable(
            name=names[logical_id],
            definition={part: properties[part] for part in _DEFINITION if part in properties},
            expires=properties.get("TimeToLiveSpecification", {}).get("AttributeName"),
        )
        for logical_id, properties in of_kind(resources, "AWS::DynamoDB::Table")
    )
