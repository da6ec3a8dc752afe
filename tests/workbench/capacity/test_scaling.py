from __future__ import annotations

from typing import Any

from ipc_ai_serving.scheduling import parallelism
from workbench.capacity.scaling import Autoscaler, ScalingPolicy
from workbench.capacity.simulation import QUEUE_LIMIT


def _observe(scaler: Autoscaler, concurrency: float, *, start: float, seconds: float) -> list[tuple[float, int]]:
    """Changes of the number of instances: the time and the new number of each."""
    changes = []
    before = scaler.serving
    for step in range(int(seconds / scaler.policy.metric_seconds)):
        now = start + (step + 1) * scaler.policy.metric_seconds
        scaler.observe(now, concurrency)
        if scaler.serving != before:
            changes.append((now, scaler.serving))
            before = scaler.serving
    return changes


def test_an_instance_serves_after_three_values_and_its_start() -> None:
    scaler = Autoscaler(ScalingPolicy(), serving=2)
    assert _observe(scaler, 12, start=0, seconds=400) == [(330, 3)]  # decided at 30 s, started 300 s later


def test_two_high_values_are_not_enough() -> None:
    scaler = Autoscaler(ScalingPolicy(), serving=2)
    _observe(scaler, 12, start=0, seconds=20)
    assert _observe(scaler, 8, start=20, seconds=1000) == []


def test_no_further_order_within_the_cooldown() -> None:
    scaler = Autoscaler(ScalingPolicy(start_seconds=10), serving=1)
    assert _observe(scaler, 16, start=0, seconds=360) == [(40, 2), (340, 4)]


def test_never_more_than_the_largest_nor_fewer_than_the_smallest() -> None:
    scaler = Autoscaler(ScalingPolicy(smallest=2, largest=3, in_share=1), serving=2)
    _observe(scaler, 16, start=0, seconds=2000)
    assert scaler.serving == 3
    _observe(scaler, 0, start=2000, seconds=10_000)
    assert scaler.serving == 2


def test_instances_are_taken_away_slowly() -> None:
    scaler = Autoscaler(ScalingPolicy(), serving=30)
    changes = _observe(scaler, 1, start=0, seconds=1600)
    assert changes == [(900, 27), (1500, 25)]  # after 15 minutes, a tenth; ten minutes later again


def test_cooldowns_target_and_queue_are_those_of_the_stack_and_the_container(template: dict[str, Any]) -> None:
    policy = ScalingPolicy()
    (properties,) = (
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::ApplicationAutoScaling::ScalingPolicy"
        and each["Properties"]["PolicyName"] == "Concurrency"  # an asynchronous endpoint scales by its backlog
    )
    tracking = properties["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["ScaleInCooldown"] == policy.in_cooldown
    assert tracking["ScaleOutCooldown"] == policy.out_cooldown
    assert template["Parameters"]["targetConcurrencyPerInstance"]["Default"] == str(int(policy.target))
    assert parallelism.QUEUE_LIMIT == QUEUE_LIMIT
