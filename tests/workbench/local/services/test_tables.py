"""Tables of the local DynamoDB, as the template has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from workbench.local.services import object_store, tables
from workbench.template.rendered_stack import render

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def dynamodb(template: dict[str, Any]) -> Iterator[Any]:
    with object_store.running("bucket-beside-the-tables", "cn-north-1") as store:
        tables.create(render(template, {"apiAuthorization": "CAMERA"}, "cn-north-1").tables, store.url, "cn-north-1")
        yield boto3.client(
            "dynamodb",
            endpoint_url=store.url,
            region_name="cn-north-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )


def test_both_tables_have_the_templates_keys_and_billing(template: dict[str, Any], dynamodb: Any) -> None:
    named = tables.Tables.of(render(template, {"apiAuthorization": "CAMERA"}, "cn-north-1"))
    assert named is not None
    assert sorted(dynamodb.list_tables()["TableNames"]) == sorted([named.registry, named.states])
    for name in (named.registry, named.states):
        table = dynamodb.describe_table(TableName=name)["Table"]
        assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
        assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_states_expire_and_cameras_do_not(template: dict[str, Any], dynamodb: Any) -> None:
    named = tables.Tables.of(render(template, {"apiAuthorization": "CAMERA"}, "cn-north-1"))
    assert named is not None
    told = {
        name: dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        for name in (named.registry, named.states)
    }
    assert told[named.states] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    assert told[named.registry]["TimeToLiveStatus"] == "DISABLED"


@pytest.mark.parametrize("authorization", ["NONE", "API_KEY", "AWS_IAM"])
def test_the_other_ways_have_no_registry(template: dict[str, Any], authorization: str) -> None:
    stack = render(template, {"apiAuthorization": authorization}, "us-east-1")
    assert (stack.tables, tables.Tables.of(stack), stack.authorizer, stack.watch) == ((), None, None, None)
