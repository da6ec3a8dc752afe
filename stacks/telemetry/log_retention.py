"""Retention of logs."""

from __future__ import annotations

from typing import cast

from aws_cdk import CfnParameter, Token
from aws_cdk.aws_logs import CfnLogGroup, LogGroup

from stacks.checks.acknowledgements import acknowledge, digits_are_numbers


def keep_for(log_group: LogGroup, days: CfnParameter) -> None:
    """Delete a log group's lines after a number of days."""
    resource = cast(CfnLogGroup, log_group.node.default_child)
    resource.retention_in_days = Token.as_number(days.value_as_string)
    digits_are_numbers(resource)
    acknowledge(
        resource,
        {"CKV_AWS_158": "CloudWatch encrypts with its own key, and no line holds a frame, a result or a secret"},
    )
