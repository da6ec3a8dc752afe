"""Pushes that are answered before the endpoint sees them: the queue, and who may do what with them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks.rendering import REGIONS, events_bucket, of_type, rendered
from workbench.errors import ParameterError
from workbench.template.parameters import check

ACCEPTED = {"pushAnswer": "accepted", "saveRequestEvents": "Yes"}
API, INGEST = "inference_api.handler.handler", "inference_api.ingest.handler"


def _functions(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entry["Handler"]: entry for entry in of_type(resources, "AWS::Lambda::Function").values()}


def _queue(resources: dict[str, Any]) -> str:
    (name,) = (name for name, entry in of_type(resources, "AWS::SQS::Queue").items() if "RedrivePolicy" in entry)
    return name


def _granted(resources: dict[str, Any], handler: str) -> set[tuple[str, str]]:
    """Each action that a function may do, with its resource."""
    role = _functions(resources)[handler]["Role"].split(".")[0]
    return {
        (action, resource)
        for policy in of_type(resources, "AWS::IAM::Policy").values()
        if role in policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in _list(statement["Action"])
        for resource in _list(statement["Resource"])
    }


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("files", ["No", "Yes"])
def test_the_apis_function_sends_to_the_queue(template: dict[str, Any], region: str, files: str) -> None:
    resources = rendered(template, region, **ACCEPTED, ingestFromS3=files)
    queue = _queue(resources)
    variables = _functions(resources)[API]["Environment"]["Variables"]
    assert (variables["PUSH_ANSWER"], variables["PUSH_QUEUE_URL"]) == ("accepted", queue)
    of_queues = {each for each in _granted(resources, API) if each[0].startswith("sqs:")}
    assert of_queues == {("sqs:SendMessage", f"{queue}.Arn")}
    assert INGEST in _functions(resources)


@pytest.mark.parametrize("region", REGIONS)
def test_otherwise_it_may_not(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, ingestFromS3="Yes", saveRequestEvents="Yes")
    variables = _functions(resources)[API]["Environment"]["Variables"]
    assert (variables["PUSH_ANSWER"], variables["PUSH_QUEUE_URL"]) == ("result", "")
    assert not [action for action, _ in _granted(resources, API) if action.startswith("sqs:")]


@pytest.mark.parametrize("region", REGIONS)
def test_frames_are_read_where_pushes_are_accepted_and_files_where_there_are_some(
    template: dict[str, Any], region: str
) -> None:
    bucket, properties = events_bucket(rendered(template, region, **ACCEPTED))
    assert "NotificationConfiguration" not in properties
    frames, files = ("s3:GetObject", f"{bucket}.Arn/events/*"), ("s3:GetObject", f"{bucket}.Arn/incoming/*")
    for given, reads in (
        (ACCEPTED, {frames}),
        ({"ingestFromS3": "Yes"}, {files}),
        (ACCEPTED | {"ingestFromS3": "Yes"}, {frames, files}),
    ):
        granted = _granted(rendered(template, region, **given), INGEST)
        assert {each for each in granted if each[0] == "s3:GetObject"} == reads
        deletes = {on for action, on in granted if action == "s3:DeleteObject"}
        assert deletes == ({f"{bucket}.Arn/incoming/*"} if files in reads else set())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"saveRequestEvents": "No"},
            "promises that the picture is kept; set saveRequestEvents=Yes",
        ),
        (
            {"applicationType": "face-comparison"},
            "=face-comparison needs two; leave pushAnswer at result",
        ),
        ({"endpointType": "async"}, "needs an endpoint that answers at once; set endpointType=real-time or serverless"),
    ],
)
def test_what_cannot_be_accepted_is_refused(template: dict[str, Any], given: dict[str, str], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        check(template, ACCEPTED | given)
    check(template, ACCEPTED | given | {"pushAnswer": "result"})
