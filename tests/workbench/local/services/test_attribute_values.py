from __future__ import annotations

from typing import Any

import boto3
import pytest
from moto.core import serialize

from workbench.local.services import object_store

pytestmark = pytest.mark.processes


def test_items_come_back_as_they_were_written() -> None:
    item: dict[str, Any] = {
        "id": {"S": "camera#gate-1"},
        "text": {"S": ""},
        "number": {"N": "-1.5"},
        "truth": {"BOOL": False},
        "nothing": {"NULL": True},
        "bytes": {"B": b"\x00\xff"},
        "list": {"L": [{"S": "a"}, {"B": b"\x01"}, {"L": []}]},
        "map": {"M": {"inner": {"N": "1"}, "bytes": {"B": b"\x02"}}},
        "texts": {"SS": ["a"]},
    }
    with object_store.running("bucket", "us-east-1") as store:
        client: Any = boto3.client(
            "dynamodb",
            endpoint_url=store.url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        client.create_table(
            TableName="cameras",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        client.put_item(TableName="cameras", Item=item)
        assert client.scan(TableName="cameras")["Items"] == [item]
        assert client.get_item(TableName="cameras", Key={"id": item["id"]})["Item"] == item
        client.delete_table(TableName="cameras")
    assert serialize.get_serializer_class("dynamodb", "json") is not serialize.JSONSerializer
