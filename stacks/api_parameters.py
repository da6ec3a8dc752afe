"""Who may call the API and how much: the operator's choices."""

from __future__ import annotations

from aws_cdk import CfnParameter, Stack


class ApiParameters:
    """The parameters of the API.

    Attributes:
        authorization: how callers prove who they are; ``AUTO`` is ``API_KEY``, and ``AWS_IAM`` in China, where an API
            without it needs an ICP recordal.
        throttle_rate: requests a second, for the whole API.
        throttle_burst: requests at once, for the whole API.
        monthly_quota: requests a month of the API key; 0 for no limit.
    """

    def __init__(self, stack: Stack) -> None:
        self.authorization = CfnParameter(
            stack,
            "apiAuthorization",
            type="String",
            default="AUTO",
            allowed_values=["AUTO", "API_KEY", "AWS_IAM", "NONE"],
            description="How callers prove who they are; AUTO: API_KEY, and AWS_IAM in China. NONE lets everyone in",
        )
        self.throttle_rate = _number(stack, "apiThrottleRate", 1000, (1, 10000), "Requests a second, of all callers")
        self.throttle_burst = _number(stack, "apiThrottleBurst", 2000, (1, 5000), "Requests at once, of all callers")
        # Text, because a condition compares text: a number may be written 00.
        self.monthly_quota = CfnParameter(
            stack,
            "apiMonthlyQuota",
            type="String",
            default="0",
            allowed_pattern="0|[1-9][0-9]{0,8}",
            constraint_description="a whole number from 0 to 999999999",
            description="Requests a month with the API key; 0 for no limit",
        )

    @property
    def all(self) -> list[CfnParameter]:
        """All of them, in the order in which to show them."""
        return [self.authorization, self.throttle_rate, self.throttle_burst, self.monthly_quota]


def _number(stack: Stack, name: str, default: int, limits: tuple[int, int], description: str) -> CfnParameter:
    minimum, maximum = limits
    return CfnParameter(
        stack,
        name,
        type="Number",
        default=default,
        min_value=minimum,
        max_value=maximum,
        constraint_description=f"a number from {minimum} to {maximum}",
        description=description,
    )
