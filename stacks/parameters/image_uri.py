"""The form of an ECR image's URI, and its repository's ARN by CloudFormation's own functions.

``ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG``, in China ``.amazonaws.com.cn``; ``@sha256:DIGEST`` may stand
for the tag, or nothing, and the repository may have slashes. All selections are in range for the empty URI,
too: CloudFormation may evaluate branches that a condition leaves out.
"""

from __future__ import annotations

from aws_cdk import Aws, CfnCondition, Fn

from stacks.conditions import value_if

PATTERN = (
    r"([0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[a-z0-9]+(([._-]+|/)[a-z0-9]+)*"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})?)?"
)
"""A private ECR image, or empty."""


def repository_arn(uri: str, *, in_china: CfnCondition) -> str:
    """The ARN of the image's repository.

    Args:
        uri: the image's URI, or empty.
        in_china: the condition that the stack is in the China partition.
    """
    # CloudFormation splits by literal text alone, and AWS::URLSuffix is none.
    path = value_if(in_china, _after(uri, ".amazonaws.com.cn"), _after(uri, ".amazonaws.com")).to_string()
    untagged = Fn.select(0, Fn.split("@", Fn.select(0, Fn.split(":", path))))
    account, region = (Fn.select(position, Fn.split(".", f"{uri}....")) for position in (0, 3))
    return f"arn:{Aws.PARTITION}:ecr:{region}:{account}:repository{untagged}"


def _after(uri: str, host_ending: str) -> str:
    """The text after the host, with its slash."""
    return Fn.select(1, Fn.split(host_ending, f"{uri}{host_ending}"))
