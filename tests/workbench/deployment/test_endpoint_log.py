"""End of the endpoint's log after a deployment that failed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from workbench.deployment.endpoint_log import last_lines

GROUP = "/aws/sagemaker/Endpoints/ipc-ai-saas-1234-async"


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with mock_aws():
        yield boto3.client("logs", region_name="eu-west-1")


def _write(logs: Any, group: str, stream: str, *messages: str) -> None:
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(time.time() * 1000)
    events = [{"timestamp": now + number, "message": message} for number, message in enumerate(messages)]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def test_the_last_lines_of_the_stacks_own_endpoint(logs: Any) -> None:
    for group in (GROUP, "/aws/sagemaker/Endpoints/ipc-ai-saas-5678"):
        logs.create_log_group(logGroupName=group)
        _write(logs, group, "AllTraffic/i-1", "loading\n", "the model 'X' was not found in the image\n")
    assert last_lines(logs, "1234", count=1) == {GROUP: ["the model 'X' was not found in the image"]}


def test_a_log_without_lines_says_nothing(logs: Any) -> None:
    logs.create_log_group(logGroupName=GROUP)
    assert last_lines(logs, "1234", count=5) == {}


def test_without_permission_nothing_is_said() -> None:
    class _Refusing:
        def describe_log_groups(self, **_: str) -> None:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeLogGroups")

    assert last_lines(_Refusing(), "1234", count=5) == {}
