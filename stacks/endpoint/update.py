"""Updates of model, image or instance type: a new fleet beside the old one, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import CfnCondition, IResolvable
from aws_cdk.aws_cloudwatch import IAlarm

from stacks.conditions import value_if
from stacks.endpoint.kind import EndpointKind

# Seconds. The alarms need up to 4 minutes; each part of the new fleet is watched for more than twice that.
_BAKING = 600
# From the start of the new fleet to the end of the old one; instances still missing then never come.
_LIMIT = 3600

_CANARY = {
    "Type": "CANARY",
    # SageMaker takes at most half of the fleet, which has two instances or more.
    "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1},
    "WaitIntervalInSeconds": _BAKING,
}
# One instance has no half, and the shadow has one: AWS does not say that a canary counts the live variant's alone.
_ALL_AT_ONCE = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}


def guarded_by(
    alarms: Sequence[IAlarm], *, kind: EndpointKind, has_several: CfnCondition, has_shadow: CfnCondition
) -> IResolvable:
    """A blue/green deployment that rolls back to the old fleet when an alarm goes off.

    SageMaker has such deployments for endpoints with instances alone; a serverless one gets none.

    Args:
        alarms: alarms on the new fleet.
        kind: of the endpoint.
        has_several: the condition that the live variant has two instances or more at all times.
        has_shadow: the condition that the fleet has a shadow.
    """
    deployment = {
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm.alarm_name} for alarm in alarms]},
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": value_if(
                has_shadow, _ALL_AT_ONCE, value_if(has_several, _CANARY, _ALL_AT_ONCE)
            ),
            "TerminationWaitInSeconds": _BAKING,  # the old fleet stays while all traffic is on the new one
            "MaximumExecutionTimeoutInSeconds": _LIMIT,
        },
    }
    return kind.of_instances(deployment)
