"""Expressions and values as CloudFormation spells them."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Aws, CfnCondition, Stack

from stacks.conditions import (
    all_of,
    any_of,
    begins_with,
    differs,
    equals,
    is_given,
    is_given_in_rules,
    is_one_of,
    is_yes,
    negation,
    value_if,
)

EQUAL = {"Fn::Equals": ["a", "b"]}
NOT_EQUAL = {"Fn::Not": [EQUAL]}


@pytest.fixture
def stack() -> Stack:
    return Stack()


@pytest.mark.parametrize(
    ("expression", "spelt"),
    [
        (equals("a", "b"), EQUAL),
        (differs("a", "b"), NOT_EQUAL),
        (negation(equals("a", "b")), NOT_EQUAL),
        (is_given("a"), {"Fn::Not": [{"Fn::Equals": ["a", ""]}]}),
        (is_given_in_rules("a"), {"Fn::Not": [{"Fn::Contains": [[""], "a"]}]}),
        (is_yes("a"), {"Fn::Equals": ["a", "Yes"]}),
        (is_one_of("a", ("b", "c")), {"Fn::Contains": [["b", "c"], "a"]}),
        (all_of(equals("a", "b"), differs("a", "b")), {"Fn::And": [EQUAL, NOT_EQUAL]}),
        (any_of(equals("a", "b"), differs("a", "b")), {"Fn::Or": [EQUAL, NOT_EQUAL]}),
        (any_of(*[equals("a", "b")] * 10), {"Fn::Or": [EQUAL] * 10}),
        (any_of(*[equals("a", "b")] * 12), {"Fn::Or": [{"Fn::Or": [EQUAL] * 10}, EQUAL, EQUAL]}),
        (all_of(equals("a", "b")), EQUAL),
        (
            begins_with(Aws.REGION, "b"),
            {"Fn::Equals": [{"Fn::Select": [0, {"Fn::Split": ["b", {"Ref": "AWS::Region"}]}]}, ""]},
        ),
    ],
)
def test_expressions(stack: Stack, expression: Any, spelt: dict[str, Any]) -> None:
    assert stack.resolve(expression) == spelt


def test_named_conditions_stand_for_their_expressions(stack: Stack) -> None:
    named = CfnCondition(stack, "Named", expression=equals("a", "b"))
    assert stack.resolve(negation(named)) == {"Fn::Not": [{"Condition": "Named"}]}
    assert stack.resolve(value_if(named, 1)) == {"Fn::If": ["Named", 1, {"Ref": "AWS::NoValue"}]}
    assert stack.resolve(value_if(named, 1, 2)) == {"Fn::If": ["Named", 1, 2]}
