"""The table of events: where it reads is where the functions write, and what it has are an event's keys."""

from __future__ import annotations

import io
import json
from typing import Any, cast

import pytest

from inference_api.events.event_store import EventStore
from inference_api.messages import Inference
from stacks.events.prefixes import RESULTS
from tests.stacks.rendering import REGIONS, events_bucket, of_type, only, rendered
from workbench.errors import ParameterError
from workbench.template.parameters import check
from workbench.verbs.permissions import grants

TABLE = "AWS::Glue::Table"
ON = {"saveRequestEvents": "Yes", "eventsTable": "Yes"}
PREFIX = "events/dt=2026-11-21/camera=gate-1/request-1/"


class _Bucket:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put_object(self, *, Key: str, Body: bytes, **_: str) -> None:  # noqa: N803 - boto3's names
        self.objects[Key] = io.BytesIO(Body).read()


def _written(*, queryable: bool) -> dict[str, bytes]:
    bucket = _Bucket()
    store = EventStore(cast(Any, bucket), "events", queryable=queryable)
    document = {"request_id": "request-1", "camera_id": "gate-1", "frames": {"frame": f"{PREFIX}frame.jpg"}}
    store.complete_later({"prefix": PREFIX, "document": document}, Inference(b'{"bbox_scores": [[0.9]]}'))
    return bucket.objects


@pytest.mark.parametrize("region", REGIONS)
def test_the_table_reads_where_results_are_written(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, **ON)
    table = only(resources, TABLE)["TableInput"]
    bucket, _ = events_bucket(resources)
    day = table["Parameters"]["storage.location.template"].replace("${dt}", "2026-11-21")
    (key,) = (key for key in _written(queryable=True) if key.startswith(RESULTS))
    assert f"s3://{bucket}/{key}".startswith(day)
    assert table["StorageDescriptor"]["Location"] == f"s3://{bucket}/{RESULTS}"
    assert table["Parameters"]["projection.dt.format"] == "yyyy-MM-dd"
    (database,) = of_type(resources, "AWS::Glue::Database")
    assert only(resources, TABLE)["DatabaseName"] == database


def test_a_row_is_one_line_with_the_columns_of_the_table(template: dict[str, Any]) -> None:
    written = _written(queryable=True)
    line = written["results/dt=2026-11-21/camera=gate-1/request-1.json"]
    assert line == written[f"{PREFIX}result.json"]
    assert b"\n" not in line
    columns = {
        column["Name"] for column in only(rendered(template, **ON), TABLE)["TableInput"]["StorageDescriptor"]["Columns"]
    }
    assert set(json.loads(line)) <= columns


def test_without_the_table_results_are_written_once(template: dict[str, Any]) -> None:
    assert list(_written(queryable=False)) == [f"{PREFIX}result.json"]
    resources = rendered(template, saveRequestEvents="Yes")
    assert not of_type(resources, TABLE)
    assert not [grant for grant in grants(resources) if RESULTS in str(grant.resources)]


@pytest.mark.parametrize(
    ("given", "roles"),
    [
        (ON, {"Inference/FunctionRole"}),
        ({"eventsTable": "Yes", "ingestFromS3": "Yes"}, {"Ingest/FunctionRole"}),
        ({**ON, "ingestFromS3": "Yes"}, {"Inference/FunctionRole", "Ingest/FunctionRole"}),
    ],
)
def test_who_writes_events_may_write_to_the_table(
    template: dict[str, Any], given: dict[str, str], roles: set[str]
) -> None:
    found = [grant for grant in grants(rendered(template, **given)) if RESULTS in str(grant.resources)]
    assert {grant.who for grant in found} == roles
    assert {grant.actions for grant in found} == {("s3:PutObject",)}


def test_a_table_without_events_is_refused(template: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="eventsTable=Yes needs events; set saveRequestEvents=Yes"):
        check(template, {"eventsTable": "Yes"})
