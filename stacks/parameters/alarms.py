"""Choices of the alarms' thresholds and of the address that gets them."""

from __future__ import annotations

from aws_cdk import CfnParameter, Stack

from stacks.parameters.kinds import number, text


class AlarmParameters:
    """The parameters of the alarms.

    Attributes:
        email: the address that gets them; empty for none.
        latency_ms: the API's 99th percentile of latency above which it is too slow, in milliseconds.
        no_traffic_minutes: minutes without a request after which cameras are taken for lost; 0 for never.
        silent_cameras: cameras of the registry that are silent at once, from which on it is an alarm; 0 for never.
        refused_credentials: refused credentials in five minutes, from which on it is an alarm; 0 for never.
    """

    def __init__(self, stack: Stack) -> None:
        self.email = text(
            stack,
            "alarmEmail",
            "Address that gets the alarms, once it has confirmed the mail that AWS sends to it; or empty",
            pattern=r"([^@\s]+@[^@\s]+\.[^@\s]+)?",
            takes="an e-mail address, or empty",
        )
        # API Gateway ends a request after 29 s.
        self.latency_ms = number(
            stack,
            "alarmLatencyMs",
            "Milliseconds that the slowest 1 % of the API's answers may take before an alarm goes off",
            default=10000,
            limits=(1, 29000),
        )
        # Metrics come out of the log a minute or two late; CloudWatch looks back a day at most.
        self.no_traffic_minutes = text(
            stack,
            "alarmNoTrafficMinutes",
            "Minutes without any request after which an alarm goes off; 0 for no such alarm",
            pattern="0|[5-9]|[1-9][0-9]{1,2}|1[0-3][0-9]{2}|14[0-3][0-9]|1440",
            takes="0 for no such alarm, or a whole number of minutes from 5 to 1440",
            default="0",
        )
        self.silent_cameras = _count(
            stack,
            "alarmSilentCameras",
            "Cameras that are silent at once, from which on an alarm goes off; 0 for no such alarm",
        )
        self.refused_credentials = _count(
            stack,
            "alarmRefusedCredentials",
            "Credentials refused in five minutes, from which on an alarm goes off; 0 for no such alarm",
        )

    @property
    def all(self) -> list[CfnParameter]:
        """All parameters, in the order of the console."""
        return [self.email, self.latency_ms, self.no_traffic_minutes, *self.of_cameras]

    @property
    def of_cameras(self) -> list[CfnParameter]:
        """Those that mean nothing without a registry of cameras."""
        return [self.silent_cameras, self.refused_credentials]


def _count(stack: Stack, name: str, description: str) -> CfnParameter:
    return text(
        stack,
        name,
        description,
        pattern="0|[1-9][0-9]{0,5}",
        takes="0 for no such alarm, or a whole number up to 999999",
        default="0",
    )
