"""The watch over silent cameras: its schedule, and what it may do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks.rendering import events_bucket, of_type, only, rendered

REGIONS = ("us-east-1", "cn-north-1", "us-gov-west-1")
HANDLER = "inference_api.watch.handler"
KEPT = {"saveRequestEvents": "Yes", "eventsTable": "Yes"}


def _watch(resources: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    (found,) = (
        (name, entry)
        for name, entry in of_type(resources, "AWS::Lambda::Function").items()
        if entry["Handler"] == HANDLER
    )
    return found


def _s3(resources: dict[str, Any]) -> dict[str, list[str]]:
    """The objects that the watch may do something with, by the action."""
    role = _watch(resources)[1]["Role"].split(".")[0]
    found: dict[str, list[str]] = {}
    for policy in of_type(resources, "AWS::IAM::Policy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            if role in policy["Roles"] and str(statement["Action"]).startswith("s3:"):
                on = statement["Resource"]
                found.setdefault(statement["Action"], []).extend([on] if isinstance(on, str) else on)
    return found


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("way", ["CAMERA", "CAMERA_IAM"])
def test_it_looks_every_minute(template: dict[str, Any], region: str, way: str) -> None:
    resources = rendered(template, region, apiAuthorization=way)
    name, watch = _watch(resources)
    rule = only(resources, "AWS::Events::Rule")
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 minute)", "ENABLED")
    assert [target["Arn"] for target in rule["Targets"]] == [f"{name}.Arn"]
    (permission,) = (
        entry
        for entry in of_type(resources, "AWS::Lambda::Permission").values()
        if entry["FunctionName"] == f"{name}.Arn"
    )
    (rule_id,) = of_type(resources, "AWS::Events::Rule")
    assert (permission["Principal"], permission["SourceArn"]) == ("events.amazonaws.com", f"{rule_id}.Arn")
    assert watch["Timeout"] < 60  # the next look waits for none


def test_it_adds_events_where_they_are_kept_and_reads_none(template: dict[str, Any]) -> None:
    resources = rendered(template, apiAuthorization="CAMERA", **KEPT)
    bucket, _ = events_bucket(resources)
    granted = _s3(resources)
    assert set(granted) == {"s3:PutObject", "s3:PutObjectTagging"}
    assert sorted(granted["s3:PutObject"]) == [f"{bucket}.Arn/events/*", f"{bucket}.Arn/results/*"]
    assert "s3:PutObject" not in _s3(rendered(template, apiAuthorization="CAMERA"))
