"""Conditions of the template in words.

A condition is either an expression or a ``CfnCondition``, which gives an expression a name in the template.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

from aws_cdk import Aws, CfnCondition, CfnResource, Fn, ICfnConditionExpression, IResolvable
from constructs import IConstruct

Condition: TypeAlias = CfnCondition | ICfnConditionExpression

_MOST_JOINED = 10


def equals(value: str, other: str) -> ICfnConditionExpression:
    """Two values are the same text."""
    return Fn.condition_equals(value, other)


def differs(value: str, other: str) -> ICfnConditionExpression:
    """Two values are not the same text."""
    return negation(equals(value, other))


def is_given(value: str) -> ICfnConditionExpression:
    """The operator gave a value for an optional text, which is empty by default."""
    return differs(value, "")


def is_given_in_rules(value: str) -> ICfnConditionExpression:
    """The operator gave a value for an optional text; for rules alone, which may say it by a list.

    The checks of a synthesis try all mixes of values that the equalities of connected rules compare, and look no
    further beyond a million of them. Lists connect nothing, so they leave room for further values.
    """
    return negation(is_one_of(value, [""]))


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
    """All conditions hold."""
    return _joined(Fn.condition_and, conditions)


def any_of(*conditions: Condition) -> ICfnConditionExpression:
    """At least one condition holds."""
    return _joined(Fn.condition_or, conditions)


def begins_with(value: str, beginning: str) -> ICfnConditionExpression:
    """The value begins with a text; for conditions alone, CloudFormation's rules cannot say it."""
    return equals(Fn.select(0, Fn.split(beginning, value)), "")


def value_if(condition: CfnCondition, value: object, otherwise: object = Aws.NO_VALUE) -> IResolvable:
    """A value where the condition holds, and elsewhere another one; by default the property is left out there."""
    return Fn.condition_if(condition.logical_id, value, otherwise)


def _joined(join: Callable[..., ICfnConditionExpression], conditions: Sequence[Condition]) -> ICfnConditionExpression:
    """Join conditions; CloudFormation's functions take two to ten."""
    expressions = [_expression(condition) for condition in conditions]
    while len(expressions) > _MOST_JOINED:
        first, expressions = expressions[:_MOST_JOINED], expressions[_MOST_JOINED:]
        expressions.insert(0, join(*first))
    return join(*expressions) if len(expressions) > 1 else expressions[0]


def _expression(condition: Condition) -> ICfnConditionExpression:
    # A CfnCondition is one; its Python class does not say so to mypy.
    return cast(ICfnConditionExpression, condition)


def make_conditional(scope: IConstruct, condition: CfnCondition) -> None:
    """Let all resources of a construct exist where a condition holds."""
    for part in scope.node.find_all():
        if isinstance(part, CfnResource):
            part.cfn_options.condition = condition
