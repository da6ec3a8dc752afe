from __future__ import annotations

from typing import Any

import pytest

from stacks.parameters.instance_type_names import PATTERN, TAKES
from workbench.errors import ParameterError
from workbench.template.parameters import check, parse

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "animal": {"Type": "String", "Default": "cat", "AllowedValues": ["cat", "dog"]},
        "food": {"Type": "String", "Default": "fish"},
        "BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk"},
    },
    "Rules": {
        "DogsDoNotEatFish": {
            "RuleCondition": {"Fn::Equals": [{"Ref": "animal"}, "dog"]},
            "Assertions": [
                {
                    "Assert": {"Fn::Not": [{"Fn::Contains": [["fish", "crab"], {"Ref": "food"}]}]},
                    "AssertDescription": "give a dog meat",
                }
            ],
        },
        "OfTheCdk": {"Assertions": [{"Assert": {"Fn::Not": [{"Fn::Equals": [{"Ref": "BootstrapVersion"}, "1"]}]}}]},
    },
}


def test_words_become_values() -> None:
    assert parse(["a=b", "c=d=e"]) == {"a": "b", "c": "d=e"}


def test_a_word_that_is_no_pair() -> None:
    with pytest.raises(ParameterError, match="NAME=VALUE"):
        parse(["applicationType"])


def test_defaults_are_filled_in() -> None:
    assert check(TEMPLATE, {"food": "crab"}) == {"animal": "cat", "food": "crab"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"anmal": "cat"}, "did you mean 'animal'"),
        ({"animal": "dogg"}, "did you mean 'dog'"),
        ({"animal": "dog"}, "give a dog meat"),
        ({"BootstrapVersion": "3"}, "unknown parameter"),
    ],
)
def test_what_cloudformation_would_refuse(given: dict[str, str], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        check(TEMPLATE, given)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("ml.m5.xlrge", "ml.m5.xlarge"),
        ("ml.c5.larg", "ml.c5.large"),
        ("m5.xlarge", "ml.m5.xlarge"),
        ("ml.g4dn-xlarge", "ml.g4dn.xlarge"),
    ],
)
def test_an_instance_type_that_is_none(given: str, meant: str) -> None:
    declared = {"Type": "String", "AllowedPattern": PATTERN, "ConstraintDescription": TAKES}
    said = f"deployInstanceType cannot be '{given}', did you mean '{meant}'?; it takes {TAKES}"
    with pytest.raises(ParameterError) as caught:
        check({"Parameters": {"deployInstanceType": declared}}, {"deployInstanceType": given})
    assert str(caught.value) == said


def test_a_parameter_without_value() -> None:
    with pytest.raises(ParameterError, match="needs a value"):
        check({"Parameters": {"key": {"Type": "String"}}}, {})


@pytest.mark.parametrize(
    ("assertion", "holds"),
    [
        ({"Fn::And": [{"Fn::Equals": ["a", "a"]}, {"Fn::Equals": ["a", "b"]}]}, False),
        ({"Fn::Or": [{"Fn::Equals": ["a", "a"]}, {"Fn::Equals": ["a", "b"]}]}, True),
    ],
)
def test_rules_may_be_joined(assertion: dict[str, Any], holds: bool) -> None:
    rule = {"Assertions": [{"Assert": assertion, "AssertDescription": "refused"}]}
    template = {"Parameters": {}, "Rules": {"Rule": rule}}
    if holds:
        assert check(template, {}) == {}
    else:
        with pytest.raises(ParameterError, match="refused"):
            check(template, {})
