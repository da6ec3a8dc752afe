"""The kinds of parameters: choice, text, number."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import CfnParameter, Stack


def choice(stack: Stack, name: str, values: Sequence[str], description: str) -> CfnParameter:
    """One of ``values``; the first is the default."""
    return CfnParameter(
        stack, name, type="String", default=values[0], allowed_values=list(values), description=description
    )


def text(stack: Stack, name: str, description: str, *, pattern: str, takes: str, default: str = "") -> CfnParameter:
    """A text that a pattern describes; also for whole numbers that a condition compares or a service takes.

    CloudFormation's own numbers let 00, 1.5 and -1 through: a condition takes the first for another number than 0, and
    a service refuses the others in the middle of an update.

    Args:
        stack: the stack.
        name: of the parameter.
        description: its purpose.
        pattern: a regular expression for the whole text.
        takes: the meaning of the pattern, for the error message.
        default: used when none is given.
    """
    return CfnParameter(
        stack,
        name,
        type="String",
        default=default,
        allowed_pattern=pattern,
        constraint_description=takes,
        description=description,
    )


def number(stack: Stack, name: str, description: str, *, default: int, limits: tuple[int, int]) -> CfnParameter:
    """A number within limits that no condition compares."""
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
