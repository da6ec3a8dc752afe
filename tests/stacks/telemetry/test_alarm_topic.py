"""Who publishes, and who gets it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks.rendering import REGIONS, of_type, only, rendered


@pytest.mark.parametrize("region", REGIONS)
def test_only_alarms_of_this_account_publish_and_only_with_tls(template: dict[str, Any], region: str) -> None:
    statements = only(rendered(template, region), "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    deny, allow = sorted(statements, key=lambda statement: statement["Effect"], reverse=True)
    assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    partition = {"us-east-1": "aws", "cn-north-1": "aws-cn"}[region]
    assert allow["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "555555555555"},
        "ArnLike": {"aws:SourceArn": f"arn:{partition}:cloudwatch:{region}:555555555555:alarm:*"},
    }


def test_the_topic_has_no_key_that_cloudwatch_cannot_use(template: dict[str, Any]) -> None:
    (topic,) = (
        entry
        for name, entry in template["Resources"].items()
        if entry["Type"] == "AWS::SNS::Topic" and name.startswith("Alarms")
    )
    assert "KmsMasterKeyId" not in topic.get("Properties", {})


@pytest.mark.parametrize("region", REGIONS)
def test_an_address_is_subscribed_when_it_is_given(template: dict[str, Any], region: str) -> None:
    subscription = only(rendered(template, region, alarmEmail="guard+cn@example.com.cn"), "AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "guard+cn@example.com.cn")
    assert not of_type(rendered(template, region), "AWS::SNS::Subscription")
