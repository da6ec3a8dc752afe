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

    @property
    def all(self) -> list[CfnParameter]:
        """All parameters, in the order of the console."""
        return [self.email, self.latency_ms, self.no_traffic_minutes]
