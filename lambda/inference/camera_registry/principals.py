"""Names of those who sign requests: roles, their sessions, and users, as the registry keeps them and IAM tells them."""

from __future__ import annotations

import re

_ROLE = re.compile(r"(arn:[a-z-]+:iam::\d{12}:role/)(?:.*/)?([^/]+)")
_SESSION = re.compile(r"arn:([a-z-]+):sts::(\d{12}):assumed-role/([^/]+)/.+")


def kept(arn: str) -> str:
    """The ARN under which a signer is kept: of a role without its path, which IAM leaves out of a session's ARN.

    A role's name is unique in its account, whatever its path.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    role = _ROLE.fullmatch(arn)
    return f"{role[1]}{role[2]}" if role else arn


def of_signer(user_arn: str) -> tuple[str, ...]:
    """The ARNs by which a signer may be kept, the nearest first: its own, then, of a session, its role's.

    Args:
        user_arn: ``identity.userArn`` of API Gateway.
    """
    session = _SESSION.fullmatch(user_arn)
    return (kept(user_arn), *([f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"] if session else []))
