"""The function for pushes, with nothing left from one test to the next."""

from __future__ import annotations

from typing import Any

import pytest

from inference_api import handler as module
from inference_api import presence
from inference_api.pushes import broken_pictures, door
from tests.fake_endpoint import FakeEndpoint
from tests.push_front import Front


@pytest.fixture
def front(endpoint: FakeEndpoint, bucket: Any, function_environment: pytest.MonkeyPatch) -> Front:
    front = Front(endpoint, bucket, function_environment)
    function_environment.setattr(module, "identify", lambda _: front.caller)
    function_environment.setattr(presence, "seen", lambda caller, **told: front.signs.append(told))
    function_environment.setattr(presence, "settle", lambda: None)
    function_environment.setattr(door, "refusals", broken_pictures.Refusals())
    return front
