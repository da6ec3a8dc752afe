"""Choices of logs' retention and of metrics by camera."""

from __future__ import annotations

from aws_cdk import CfnParameter, Stack

from stacks.parameters.kinds import choice

# The values that CloudWatch Logs takes, the default first.
_RETENTION_DAYS = [
    *[30, 1, 3, 5, 7, 14, 60, 90, 120, 150, 180, 365, 400, 545, 731],
    *[1096, 1827, 2192, 2557, 2922, 3288, 3653],
]


class LogParameters:
    """The parameters of logs and metrics.

    Attributes:
        retention_days: days until a line of the logs is deleted.
        camera_metrics: whether each camera has metrics of its own.
    """

    def __init__(self, stack: Stack) -> None:
        self.retention_days = choice(
            stack,
            "logRetentionDays",
            [str(days) for days in _RETENTION_DAYS],
            "Days after which lines of the function's and the endpoint's logs are deleted",
        )
        self.camera_metrics = choice(
            stack,
            "cameraMetrics",
            ["No", "Yes"],
            "Whether each camera has metrics of its own, which CloudWatch bills by camera; the logs name it anyway",
        )

    @property
    def all(self) -> list[CfnParameter]:
        """All parameters, in the order of the console."""
        return [self.retention_days, self.camera_metrics]
