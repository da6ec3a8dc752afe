"""DynamoDB's tables as the template has them, in moto's server."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import boto3

from workbench.local.services.object_store import CREDENTIALS
from workbench.template.rendered_stack import RenderedStack
from workbench.template.rendered_tables import RenderedTable


@dataclass(frozen=True)
class Tables:
    """Names of the tables of cameras and of their states."""

    registry: str
    states: str

    @classmethod
    def of(cls, stack: RenderedStack) -> Tables | None:
        """The tables that the function behind the API reads; None where it reads none."""
        environment = stack.function.environment
        registry, states = (environment.get(name) for name in ("REGISTRY_TABLE", "STATES_TABLE"))
        return cls(registry, states) if registry and states else None


def create(tables: Iterable[RenderedTable], url: str, region: str) -> None:
    """Create the tables.

    moto notes the attribute by which items expire, and removes none; DynamoDB may take days for it, too.

    Args:
        tables: the stack's tables.
        url: URL of the server.
        region: the stack's region.
    """
    dynamodb: Any = boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
    with closing(dynamodb):
        for table in tables:
            dynamodb.create_table(TableName=table.name, **table.definition)
            if table.expires:
                specification = {"Enabled": True, "AttributeName": table.expires}
                dynamodb.update_time_to_live(TableName=table.name, TimeToLiveSpecification=specification)
