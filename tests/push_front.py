"""The function as pushes meet it: a caller that a test chooses, a fake endpoint, an emulated bucket."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from camera_registry.profiles import Profile
from inference_api import handler as module
from inference_api import resources
from inference_api.identity.caller import ANYONE, Caller
from tests.fake_endpoint import CONTEXT, FakeEndpoint


@dataclass
class Front:
    """The function.

    Attributes:
        caller: the caller of every request; anyone, as in the old ways, unless the test lets it be known.
        signs: what the camera's presence heard.
    """

    endpoint: FakeEndpoint
    bucket: Any
    environment: pytest.MonkeyPatch
    caller: Caller = ANYONE
    signs: list[dict[str, Any]] = field(default_factory=list)

    def know(self, *scopes: str, **profile: Any) -> None:
        """Let the caller be a known camera."""
        allowed = frozenset(scopes or ("frames", "read"))
        self.caller = Caller(camera_id="gate-1", scopes=allowed, profile=Profile(**profile), is_known=True)

    def set(self, **variables: str) -> None:
        """Change the function's environment."""
        for name, value in variables.items():
            self.environment.setenv(name, value)
        resources.settings.cache_clear()

    def send(self, event: dict[str, Any]) -> tuple[int, str, dict[str, str]]:
        """Status, body and headers of the answer."""
        answer = module.handler(event, CONTEXT)
        headers = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
        return answer["statusCode"], answer["body"], headers

    def keys(self) -> list[str]:
        """The names of all objects."""
        return [item.key.rsplit("/", 1)[1] for item in self.bucket.objects.all()]

    def event(self) -> dict[str, Any]:
        """The one whole event."""
        (result,) = (item for item in self.bucket.objects.all() if item.key.endswith("result.json"))
        return dict(json.loads(result.get()["Body"].read()))
