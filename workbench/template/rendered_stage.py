"""Stage of the API, with its limits on all callers together, read from the rendered template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RenderedStage:
    """Stage: the first part of each path, and its limits.

    Attributes:
        name: the name, which stands before every path.
        rate: requests a second.
        burst: requests at once.
        monthly_quota: requests a month with the API key; None for no limit.
    """

    name: str
    rate: float
    burst: int
    monthly_quota: int | None


def rendered_stage(resources: Mapping[str, Any]) -> RenderedStage:
    """Read the one stage, and the quota of the usage plan where there is one.

    The usage plan has the same rate and burst as the stage, so the stage's stand for both.
    """
    (stage,) = (each for each in resources.values() if each["Type"] == "AWS::ApiGateway::Stage")
    plans = [each for each in resources.values() if each["Type"] == "AWS::ApiGateway::UsagePlan"]
    quotas = [plan["Properties"]["Quota"]["Limit"] for plan in plans if plan["Properties"].get("Quota")]
    (settings,) = stage["Properties"]["MethodSettings"]
    return RenderedStage(
        name=stage["Properties"]["StageName"],
        rate=float(settings["ThrottlingRateLimit"]),
        burst=int(settings["ThrottlingBurstLimit"]),
        monthly_quota=int(quotas[0]) if quotas else None,
    )
