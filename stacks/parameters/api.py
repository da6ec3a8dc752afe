"""Who may call the API and how much: the operator's choices."""

from __future__ import annotations

from aws_cdk import CfnParameter, Stack

from stacks.parameters.kinds import choice, number, text

CAMERA, CAMERA_IAM = "CAMERA", "CAMERA_IAM"
"""The ways of authorization that know each camera, by a registry."""
RESULT, ACCEPTED = "result", "accepted"
_WEB_ACL = "(arn:aws(-cn|-us-gov)?:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/[A-Za-z0-9_-]{1,128}/[0-9a-f-]{36})?"


class ApiParameters:
    """The parameters of the API.

    Attributes:
        authorization: how callers prove who they are; ``AUTO`` is ``API_KEY``, and ``AWS_IAM`` in China, where an API
            without it needs an ICP recordal. ``CAMERA`` and ``CAMERA_IAM`` tell each camera apart, by a registry.
        push_answer: whether a camera that pushes gets its detections, or its word as soon as the frame is safe.
        throttle_rate: requests a second, for the whole API.
        throttle_burst: requests at once, for the whole API.
        monthly_quota: requests a month of the API key; 0 for no limit.
        access_logs: whether API Gateway logs, and whether with the account's own role or with one that the stack makes
            and sets for the account.
        web_acl_arn: the web ACL in front of the API; empty for none.
        reserved_concurrency: requests that the function works on at once, set aside for it and at most; 0 for what the
            account has left.
        provisioned_concurrency: instances of the function that are kept warm; 0 for none.
    """

    def __init__(self, stack: Stack) -> None:
        self.authorization = choice(
            stack,
            "apiAuthorization",
            ["AUTO", "API_KEY", "AWS_IAM", "NONE", CAMERA, CAMERA_IAM],
            "How callers prove who they are; AUTO: API_KEY, and AWS_IAM in China. NONE lets everyone in. CAMERA: each "
            "camera has a credential of its own; CAMERA_IAM: each signs as a role or user of its own. Another way than "
            "these two leaves the table of cameras behind, and coming back begins with an empty one",
        )
        self.push_answer = choice(
            stack,
            "pushAnswer",
            [RESULT, ACCEPTED],
            "The answer to a picture that a camera pushes: result waits for the detections; accepted comes as soon as "
            "the picture is stored, which is then looked at from a queue",
        )
        self.throttle_rate = number(
            stack, "apiThrottleRate", "Requests a second, of all callers", default=1000, limits=(1, 10000)
        )
        self.throttle_burst = number(
            stack, "apiThrottleBurst", "Requests at once, of all callers", default=2000, limits=(1, 5000)
        )
        self.monthly_quota = text(
            stack,
            "apiMonthlyQuota",
            "Requests a month with the API key; 0 for no limit",
            pattern="0|[1-9][0-9]{0,8}",
            takes="a whole number from 0 to 999999999",
            default="0",
        )
        self.access_logs = choice(
            stack,
            "apiAccessLogs",
            ["UseAccountRole", "Yes", "No"],
            "Whether API Gateway logs requests and errors; UseAccountRole takes the role that the account and region "
            "has for the logs of all REST APIs, Yes makes such a role and sets it for all of them",
        )
        self.web_acl_arn = text(
            stack,
            "webAclArn",
            "Web ACL of AWS WAF in this region that looks at requests first; or empty",
            pattern=_WEB_ACL,
            takes="the ARN of a regional web ACL, arn:aws:wafv2:REGION:ACCOUNT:regional/webacl/NAME/ID (in China "
            "arn:aws-cn), or empty",
        )
        self.reserved_concurrency = text(
            stack,
            "functionReservedConcurrency",
            "Requests that the function works on at once, set aside for it and at most; 0 shares what the account has",
            pattern="0|[1-9][0-9]{0,4}",
            takes="a whole number from 0 to 99999",
            default="0",
        )

        self.provisioned_concurrency = text(
            stack,
            "functionProvisionedConcurrency",
            "Instances of the function that are kept warm, billed by the hour; 0 for none",
            pattern="0|[1-9][0-9]{0,4}",
            takes="a whole number from 0 to 99999",
            default="0",
        )

    @property
    def all(self) -> list[CfnParameter]:
        """All parameters, in the order of the console."""
        return [
            self.authorization,
            self.push_answer,
            self.throttle_rate,
            self.throttle_burst,
            self.monthly_quota,
            self.reserved_concurrency,
            self.provisioned_concurrency,
            self.access_logs,
            self.web_acl_arn,
        ]
