"""Finding a registry: the tables of a stack, or those of a running ``up``, and the URL where its cameras push."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from workbench import typed
from workbench.cameras.registry import Registry
from workbench.deployment.account import Account, saying_in_one_sentence
from workbench.errors import CameraError

DEFAULT_STACK = "ipc-ai-saas"
_REGISTRY, _STATES, _PUSH_URL = "CameraRegistryTable", "CameraStatesTable", "PushUrl"
_LOCAL_REGION, _LOCAL_PUSH_URL = "us-east-1", "http://127.0.0.1:8000/prod/push"
_CAMERAS_WORD, _STATES_WORD = "cameras", "states"
_LOCAL_WORD = "local"
"""The key and secret that ``up`` takes, as it takes any."""
# A new table on demand takes 4,000 writes a second, and answers more of them with a throttle that passes.
_CONFIG = Config(retries={"mode": "standard", "max_attempts": 10}, max_pool_connections=16)
_LOCAL_CONFIG = Config(retries={"mode": "standard", "max_attempts": 2}, max_pool_connections=16)


@dataclass(frozen=True)
class Asked:
    """Place that the command line names; None where it says nothing.

    Attributes:
        stack: the stack, whose outputs name the tables.
        region: its region, or that of ``up``.
        profile: profile of the AWS configuration.
        endpoint_url: the URL of DynamoDB of a running ``up``.
        registry_table: the table, instead of a stack.
        states_table: its table of states.
        push_url: the URL where cameras push.
    """

    stack: str = DEFAULT_STACK
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    registry_table: str | None = None
    states_table: str | None = None
    push_url: str | None = None


@dataclass(frozen=True)
class Place:
    """Registry, and the URL where its cameras push; None where no one said it."""

    registry: Registry
    push_url: str | None


def find(asked: Asked) -> Place:
    """Find the registry.

    Raises:
        CameraError: there is no such stack, it keeps no registry, or ``up`` has none.
        AccountError: AWS cannot be asked.
    """
    if bool(asked.registry_table) != bool(asked.states_table):
        raise CameraError("--registry-table and --states-table go together; name both, or neither")
    if asked.endpoint_url:
        return _of_up(asked, asked.endpoint_url)
    account = Account(profile=asked.profile, region=asked.region)
    client = account.client("dynamodb", config=_CONFIG)
    if asked.registry_table and asked.states_table:
        registry = Registry(client, table=asked.registry_table, states=asked.states_table)
        return Place(registry, asked.push_url)
    stack = account.stack(asked.stack)
    if stack is None:
        raise CameraError(f"there is no stack {asked.stack} in {account.region}; name it with --stack")
    if not {_REGISTRY, _STATES} <= set(stack.outputs):
        raise CameraError(
            f"the stack {asked.stack} keeps no registry of cameras; deploy it with apiAuthorization=CAMERA, or, where "
            "cameras sign, CAMERA_IAM"
        )
    registry = Registry(client, table=stack.outputs[_REGISTRY], states=stack.outputs[_STATES])
    return Place(registry, asked.push_url or stack.outputs.get(_PUSH_URL))


def _of_up(asked: Asked, url: str) -> Place:
    region = asked.region or _LOCAL_REGION
    client = boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=_LOCAL_WORD,
        aws_secret_access_key=_LOCAL_WORD,
        config=_LOCAL_CONFIG,
    )
    table, states = asked.registry_table, asked.states_table
    if not table or not states:
        table, states = _tables(client, url, region)
    return Place(Registry(client, table=table, states=states), asked.push_url or _LOCAL_PUSH_URL)


def _tables(client: Any, url: str, region: str) -> tuple[str, str]:
    """Find both tables of ``up``, which makes their names of their places in the template."""
    with saying_in_one_sentence():
        names = [name for page in client.get_paginator("list_tables").paginate() for name in page["TableNames"]]
    states = [name for name in names if _STATES_WORD in name]
    tables = [name for name in names if _CAMERAS_WORD in name and name not in states]
    if len(states) != 1 or len(tables) != 1:
        raise CameraError(
            f"{url} has {len(tables)} tables of cameras and {len(states)} of their states in {region}; start it with "
            f"'{typed.command('up', '--parameters', 'apiAuthorization=CAMERA')}', or name both tables and the --region"
        )
    return tables[0], states[0]
