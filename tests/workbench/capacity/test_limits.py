from __future__ import annotations

import re
from typing import Any

import pytest

from workbench.capacity.demand import Demand
from workbench.capacity.fleet import Fleet
from workbench.capacity.limits import Limit, limits, quotas


def _limits(
    *,
    cameras: int = 100,
    fps: float = 0.01,
    frame_kb: float = 10,
    instances: int = 1,
    function_seconds: float = 0.1,
    key_per_camera: bool = False,
    ingest: bool = False,
) -> list[Limit]:
    return limits(
        Demand(cameras=cameras, fps=fps, frame_kb=frame_kb),
        Fleet(instances=instances, utilisation=0.5, wait_seconds=0, answer_seconds=0.1),
        function_seconds=function_seconds,
        key_per_camera=key_per_camera,
        ingest=ingest,
    )


@pytest.mark.parametrize(
    ("plan", "first", "share"),
    [
        ({"cameras": 9000, "key_per_camera": True}, "api_keys", 0.9),
        ({"cameras": 800, "fps": 1}, "stage_throttle", 0.8),
        ({"instances": 18}, "instances", 0.9),
        ({"cameras": 100, "fps": 1, "function_seconds": 9}, "function_concurrency", 0.9),
        ({"frame_kb": 4500}, "function_payload", (4500 * 4 / 3 + 3) / 6291),
        ({"frame_kb": 6000, "ingest": True}, "endpoint_payload", 6000 / 6291),
    ],
)
def test_the_first_limit_of_known_inputs(plan: dict[str, Any], first: str, share: float) -> None:
    found = _limits(**plan)
    assert found[0].name == first
    assert found[0].share == pytest.approx(share)
    assert [limit.share for limit in found] == sorted((limit.share for limit in found), reverse=True)


def test_a_frame_of_4_5_mb_passes_and_a_larger_one_does_not() -> None:
    """Limit of docs/api.md: about 4.5 MB of image."""
    assert _limits(frame_kb=4500)[0].share < 1 < _limits(frame_kb=4800)[0].share


def test_when_a_limit_is_met() -> None:
    assert _limits(cameras=800, fps=1)[0].met_at(800) == 1000
    assert _limits(frame_kb=4500)[0].met_at(100) is None


def test_every_quota_names_its_source_and_date() -> None:
    for name, quota in quotas().items():
        assert quota.source, name
        assert quota.as_of, name


def test_quotas_that_the_stack_sets_are_those_of_the_template(template: dict[str, Any]) -> None:
    parameters = template["Parameters"]
    assert quotas()["stage_throttle"].value == float(parameters["apiThrottleRate"]["Default"])
    allowed = re.compile(parameters["maxInstanceCount"]["AllowedPattern"])
    assert [allowed.fullmatch(str(count)) is not None for count in (20, 21)] == [True, False]
    assert quotas()["instances"].value == 20
