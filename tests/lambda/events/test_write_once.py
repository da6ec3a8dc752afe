"""Two writers of one object, by an emulated bucket and scripted refusals."""

from __future__ import annotations

from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError

from inference_api.events.write_once import write_once


class ScriptedS3:
    """S3 that refuses writes with these codes, one after the other, and then takes one."""

    def __init__(self, *codes: str) -> None:
        self._codes = iter(codes)
        self.taken = 0

    def put_object(self, **written: Any) -> None:
        assert written["IfNoneMatch"] == "*"
        code = next(self._codes, None)
        if code is not None:
            raise ClientError({"Error": {"Code": code}}, "PutObject")
        self.taken += 1


def _write(client: Any, body: bytes = b"first") -> None:
    write_once(cast(Any, client), "event-store", "events/result.json", body, "application/json")


def test_the_first_stays(bucket: Any) -> None:
    client = boto3.client("s3")
    _write(client)
    _write(client, b"second")
    assert bucket.Object("events/result.json").get()["Body"].read() == b"first"


@pytest.mark.parametrize(
    ("codes", "taken"),
    [
        (["PreconditionFailed"], 0),
        (["ConditionalRequestConflict"], 1),
        (["409", "412"], 0),
        (["ConditionalRequestConflict"] * 100, 0),
    ],
)
def test_a_conflict_is_tried_again_and_then_the_others(codes: list[str], taken: int) -> None:
    client = ScriptedS3(*codes)
    _write(client)
    assert client.taken == taken


@pytest.mark.parametrize("codes", [["SlowDown"], ["ConditionalRequestConflict", "AccessDenied"]])
def test_other_refusals_are_raised(codes: list[str]) -> None:
    with pytest.raises(ClientError, match=codes[-1]):
        _write(ScriptedS3(*codes))
