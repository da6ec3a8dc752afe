"""The facts of a push in its event."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from camera_push.push import DeviceTime, Picture, Push
from inference_api.pushes import facts


def test_all_facts() -> None:
    push = Push(
        vendor="tvt",
        pictures=(Picture(b"1", "background", "scene.jpg"), Picture(b"2", "crop")),
        event_type="PEA",
        event_state="true",
        camera_id="58:5B",
        ids={"mac": "58:5B"},
        channel="1",
        time=DeviceTime("179", "epoch", datetime(2026, 10, 14, tzinfo=UTC)),
        claims={"plate": "B1"},
        broken=("part 3: cut off",),
    )
    assert facts.of_push(push, ["frame-0", "frame-1"]) == {
        "vendor": "tvt",
        "event_type": "PEA",
        "event_state": "true",
        "camera_claim": "58:5B",
        "ids": {"mac": "58:5B"},
        "channel": "1",
        "device_time": {"raw": "179", "zone": "epoch", "utc": "2026-10-14T00:00:00+00:00"},
        "claims": {"plate": "B1"},
        "pictures": [
            {"role": "background", "name": "scene.jpg", "frame": "frame-0"},
            {"role": "crop", "name": None, "frame": "frame-1"},
        ],
        "broken": ["part 3: cut off"],
    }


def test_no_fact_outgrows_a_message_of_the_queue() -> None:
    push = Push(
        event_type="e" * 99_999,
        ids={str(number): "i" * 9_999 for number in range(999)},
        time=DeviceTime("t" * 99_999, "none"),
        claims={"words": ["w" * 99_999]},
        broken=("b" * 999,) * 999,
    )
    told = facts.of_push(push, [])
    assert len(json.dumps(told)) < 64_000
    assert told["claims"] == {"left_out": "100014 characters"}
