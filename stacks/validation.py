"""What the validation of a template complains of without need, and why there is none."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from constructs import Construct

_DIGITS = "W9003"
# Ids of keys, security groups and subnets that have no right form.
_LEFT_OUT = ("F3017", "E1150", "E1154")


def digits_are_numbers(resource: Construct) -> None:
    """A number of the resource is a parameter of text."""
    _acknowledge(resource, _DIGITS, "CloudFormation takes the parameter's digits as the number that the value is")


def empty_is_left_out(resource: Construct) -> None:
    """Properties of the resource are parameters that may be empty."""
    for rule in _LEFT_OUT:
        _acknowledge(resource, rule, "An empty parameter never reaches the resource: a condition leaves it out")


def _acknowledge(resource: Construct, rule: str, reason: str) -> None:
    Validations.of(resource).acknowledge(Acknowledgment(id=f"CloudFormation-Validate::{rule}", reason=reason))
