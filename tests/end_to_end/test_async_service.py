"""End-to-end path of a frame through an asynchronous endpoint."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from tests.end_to_end.test_service import Service, _error, _up

pytestmark = pytest.mark.processes

PNG = {"Content-Type": "image/png"}


def names(service: Service) -> list[str]:
    """The names of all objects of events."""
    return [key.rsplit("/", 1)[1] for key in service.events()]


def test_a_frame_now_and_a_frame_later(photograph: Path, tmp_path: Path) -> None:
    frame = photograph.read_bytes()
    with _up(
        "endpointType=async", "detectorModelName=dlib_frontal_face", "saveRequestEvents=Yes", store=tmp_path
    ) as service:
        at_once = httpx.post(service.url, content=frame, headers=PNG, timeout=60)
        assert (at_once.status_code, at_once.headers["X-Event-Stored"]) == (200, "true")

        later = httpx.post(service.url, content=frame, headers=PNG | {"Prefer": "respond-async"}, timeout=60)
        assert (later.status_code, later.json()["status"]) == (202, "pending")
        location = later.url.join(later.headers["Location"])
        assert str(location) == f"{service.url}/{later.json()['request_id']}"
        deadline = time.monotonic() + 60
        while (collected := httpx.get(location, timeout=60)).status_code == 202:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert (collected.status_code, collected.headers["X-Event-Stored"]) == (200, "true")
        assert collected.json() == at_once.json()
        assert sorted(names(service)) == ["frame.png"] * 2 + ["result.json"] * 2

        # Nothing fetches these two: SageMaker's notification completes them.
        for body in (frame, frame[:99]):
            sent = httpx.post(service.url, content=body, headers=PNG | {"Prefer": "respond-async"}, timeout=60)
            assert sent.status_code in (202, 400)  # a failure that is there at once is told at once
        deadline = time.monotonic() + 60
        while sorted(names(service))[:1] != ["error.json"] or names(service).count("result.json") != 3:
            assert time.monotonic() < deadline, names(service)
            time.sleep(0.2)

        refused = httpx.post(service.url, content=frame[:99], headers=PNG, timeout=60)
        assert (refused.status_code, _error(refused)["code"]) == (400, "InvalidImage")
        unknown = httpx.get(f"{service.url}/nothing", timeout=60)
        assert (unknown.status_code, _error(unknown)["code"]) == (404, "NotFound")
