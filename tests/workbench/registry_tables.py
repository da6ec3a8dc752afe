"""The two tables of a registry in moto, and the verb that administers them."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from camera_registry.cameras import Camera, camera_key
from workbench.__main__ import main
from workbench.cameras.registry import Registry, as_dynamodb, as_python

TABLE, STATES = "cameras", "states"
PUSH_URL = "https://abc123.execute-api.eu-central-1.amazonaws.com/prod/push"
REGION = "us-east-1"


def create_tables(client: Any) -> Registry:
    """Create both tables, as the template has them."""
    for name in (TABLE, STATES):
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
    return Registry(client, table=TABLE, states=STATES)


class Verb:
    """``ipc-ai camera`` on the tables, with what it said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.client = boto3.client("dynamodb", region_name=REGION)
        self.registry = create_tables(self.client)
        self.said = self.complained = ""

    def __call__(self, *words: str) -> int:
        place = ("--registry-table", TABLE, "--states-table", STATES, "--region", REGION, "--push-url", PUSH_URL)
        try:
            code = main(["camera", words[0], *place, *words[1:]])
        except SystemExit as end:
            code = int(end.code or 0)
        self.said, self.complained = self.capsys.readouterr()
        return code

    def json(self, *words: str) -> Any:
        """Call it for JSON; it must succeed."""
        assert self(*words, "--json") == 0, self.complained
        return json.loads(self.said)

    def camera(self, name: str) -> Camera:
        """A camera as the table has it."""
        camera = self.registry.camera(name)
        assert camera is not None
        return camera

    def items(self, table: str = TABLE) -> dict[str, Any]:
        """All items of a table by their ids."""
        found = [as_python(item) for item in self.client.scan(TableName=table)["Items"]]
        return {item["id"]: item for item in found}

    def note(self, name: str, **state: Any) -> None:
        """Write a camera's state, as the function does."""
        item = as_dynamodb({"id": camera_key(name), **state})
        self.client.put_item(TableName=STATES, Item=item)
