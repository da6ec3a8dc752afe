from __future__ import annotations

from typing import Any

import boto3
import pytest
from moto.core import serialize

from workbench.local.services import object_store

pytestmark = pytest.mark.processes


class _Counted:
    """Names that moto tries on a member of an answer, counted."""

    calls = 0

    def __call__(self, context: Any) -> list[str]:
        self.calls += 1
        return [context.key]


def test_items_come_back_as_they_were_written(monkeypatch: pytest.MonkeyPatch) -> None:
    item: dict[str, Any] = {
        "id": {"S": "camera#gate-1"},
        "text": {"S": ""},
        "number": {"N": "-1.5"},
        "truth": {"BOOL": False},
        "nothing": {"NULL": True},
        "bytes": {"B": b"\x00\xff"},
        "list": {"L": [{"S": "a"}, {"B": b"\x01"}, {"L": []}]},
        "plain": {"L": [{"S": "a"}, {"N": "2"}, {"L": [{"NULL": True}]}]},
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
        monkeypatch.setattr(serialize.AttributePicker, "get_possible_keys", count := _Counted())
        client.put_item(TableName="cameras", Item={"id": {"S": "camera#gate-0"}, "tags": item["plain"]})
        answer = client.scan(TableName="cameras", ProjectionExpression="id,tags")
        assert [each["id"]["S"] for each in answer["Items"]] == ["camera#gate-0", "camera#gate-1"]
        assert count.calls < 20  # of members of the answers; one of an item or a value tries ten more
        client.delete_table(TableName="cameras")
    assert serialize.get_serializer_class("dynamodb", "json") is not serialize.JSONSerializer
