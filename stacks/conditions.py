"""Conditions of the template in words.

A condition is either an expression or a ``CfnCondition``, which gives an expression a name in the template.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, cast

from aws_cdk import Aws, CfnCondition, Fn, ICfnConditionExpression, IResolvable

Condition: TypeAlias = CfnCondition | ICfnConditionExpression


def equals(value: str, other: str) -> ICfnConditionExpression:
    """Two values are the same text."""
    return Fn.condition_equals(value, other)


def differs(value: str, other: str) -> ICfnConditionExpression:
    """Two values are not the same text."""
    return negation(equals(value, other))


def is_given(value: str) -> ICfnConditionExpression:
    """The operator gave a value for an optional text, which is empty by default."""
    return differs(value, "")


def is_yes(choice: str) -> ICfnConditionExpression:
    """The operator chose ``Yes``."""
    return equals(choice, "Yes")


def is_one_of(value: str, choices: Sequence[str]) -> ICfnConditionExpression:
    """The value is one of the choices; for rules alone, CloudFormation's conditions cannot say it."""
    return Fn.condition_contains(list(choices), value)


def negation(condition: Condition) -> ICfnConditionExpression:
    """The condition does not hold."""
    return Fn.condition_not(_expression(condition))


def all_of(*conditions: Condition) -> ICfnConditionExpression:
    """All conditions hold; two to ten of them."""
    return Fn.condition_and(*(_expression(condition) for condition in conditions))


def any_of(*conditions: Condition) -> ICfnConditionExpression:
    """At least one condition holds; two to ten of them."""
    return Fn.condition_or(*(_expression(condition) for condition in conditions))


def value_if(condition: CfnCondition, value: object, otherwise: object = Aws.NO_VALUE) -> IResolvable:
    """A value where the condition holds, and elsewhere another one; by default the property is left out there."""
    return Fn.condition_if(condition.logical_id, value, otherwise)


def _expression(condition: Condition) -> ICfnConditionExpression:
    # A CfnCondition is one; its Python class does not say so to mypy.
    return cast(ICfnConditionExpression, condition)
