"""Stack parameters as ``K=V`` words, checked as in CloudFormation: names, allowed values, rules."""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ipc_ai_catalogue import nearest
from workbench import named_values, places
from workbench.errors import ParameterError
from workbench.template.instance_types import nearest_type
from workbench.template.model_names import require_pairs, serving_application

_INSTANCE_TYPE = "deployInstanceType"
# Parameters that the CDK adds for its own use.
_NOT_THE_OPERATORS = frozenset({"BootstrapVersion"})
PAGE = places.REPOSITORY / "docs" / "parameters.md"
_ROW_OF_PAGE = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)


def add_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--parameters K=V``, several after one flag or one after each, as with ``cdk deploy``."""
    parser.add_argument(
        "--parameters",
        metavar="NAME=VALUE",
        nargs="+",
        action="extend",
        default=[],
        help="stack parameters, with the same names as for cdk deploy",
    )


def parse(words: Sequence[str]) -> dict[str, str]:
    """Parse ``["a=b"]`` to ``{"a": "b"}``.

    Raises:
        ParameterError: a word without ``=``, or a parameter with two values.
    """
    return named_values.parse(words, example="applicationType=body-detection")


def named(words: Sequence[str]) -> dict[str, str]:
    """Parse the words, and check their names by the page of the parameters, before the template is synthesized.

    The page is written from the template, and a test holds the two together. A synthesis takes a minute when it is the
    first.

    Raises:
        ParameterError: a word without ``=``, a parameter with two values, or a name that the page does not have.
    """
    given = parse(words)
    names = _ROW_OF_PAGE.findall(PAGE.read_text(encoding="utf-8"))
    for name in given:
        _require_known(name, names)
    return given


def _require_known(name: str, names: Collection[str]) -> None:
    if name not in names:
        raise ParameterError(f"unknown parameter '{name}'{nearest(name, names)}; known: {', '.join(names)}")


def declared_parameters(template: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Declarations in the template of the parameters that the operator chooses."""
    return {name: entry for name, entry in template["Parameters"].items() if name not in _NOT_THE_OPERATORS}


def check_each(template: Mapping[str, Any], given: Mapping[str, str]) -> None:
    """Check each parameter alone, for use before the others are known.

    Raises:
        ParameterError: a name that the template does not have, or a value that it does not allow.
    """
    declared = declared_parameters(template)
    for name, value in given.items():
        _require_known(name, declared)
        allowed = declared[name].get("AllowedValues")
        if allowed and value not in allowed:
            raise ParameterError(
                f"{name} cannot be '{value}'{nearest(value, allowed)}; it takes one of: {', '.join(allowed)}"
            )
        if declared[name]["Type"] == "Number" and not _is_in_range(value, declared[name]):
            raise ParameterError(f"{name} cannot be '{value}'; it takes {declared[name]['ConstraintDescription']}")
        pattern = declared[name].get("AllowedPattern")
        if pattern and not re.fullmatch(pattern, value):
            wanted = declared[name].get("ConstraintDescription", f"text that matches {pattern}")
            near = nearest_type(value) if name == _INSTANCE_TYPE else ""
            raise ParameterError(f"{name} cannot be '{value}'{near}; it takes {wanted}")


def check(template: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Check the parameters together and return the values of all, with defaults for those not given.

    Raises:
        ParameterError: a name that the template does not have, a value that it does not allow, a
            parameter without value, or a combination that one of its rules refuses.
    """
    check_each(template, given)
    declared = declared_parameters(template)
    values: dict[str, str] = {}
    for name, entry in declared.items():
        if name not in given and "Default" not in entry:
            raise ParameterError(f"the parameter {name} has no default and needs a value")
        values[name] = given.get(name, str(entry.get("Default")))  # a numeric default is a number in the template
    for rule in template.get("Rules", {}).values():
        if not _mentions_only(rule, values) or not _holds(rule.get("RuleCondition", True), values):
            continue
        for assertion in rule["Assertions"]:
            if not _holds(assertion["Assert"], values):
                raise ParameterError(_complaint(assertion, values))
    require_pairs(template, values)
    return values


def _complaint(assertion: Mapping[str, Any], values: Mapping[str, str]) -> str:
    """Message of a violated rule; for a parameter outside its choices also its value and the nearest choice."""
    said = str(assertion["AssertDescription"])
    for expression in assertion["Assert"].get("Fn::Or", [assertion["Assert"]]):
        match expression:
            case {"Fn::Contains": [choices, {"Ref": name}]}:
                value = values[name]
                near = serving_application(name, value) or nearest(value, choices)
                return f"{name} cannot be '{value}'{near}; {said}"
    return said


def _is_in_range(value: str, declared: Mapping[str, Any]) -> bool:
    """Return whether it is an integer within the limits of a parameter of type Number."""
    if not re.fullmatch(r"-?\d{1,12}", value, re.ASCII):
        return False
    return float(declared.get("MinValue", "-inf")) <= int(value) <= float(declared.get("MaxValue", "inf"))


def _mentions_only(rule: Any, values: Mapping[str, str]) -> bool:
    """Return whether the rule refers only to parameters in ``values``, which excludes the CDK's own rules."""
    if isinstance(rule, dict):
        if set(rule) == {"Ref"}:
            return rule["Ref"] in values
        return all(_mentions_only(part, values) for part in rule.values())
    if isinstance(rule, list):
        return all(_mentions_only(part, values) for part in rule)
    return True


def _holds(expression: Any, values: Mapping[str, str]) -> bool:
    """Evaluate a rule's expression: those of CloudFormation's rule-specific functions that the stack uses."""
    if isinstance(expression, bool):
        return expression
    ((function, operands),) = expression.items()
    if function == "Fn::Equals":
        left, right = (_value(operand, values) for operand in operands)
        return bool(left == right)
    if function == "Fn::Contains":
        choices, value = operands
        return bool(_value(value, values) in choices)
    if function == "Fn::Not":
        return not _holds(operands[0], values)
    if function == "Fn::And":
        return all(_holds(operand, values) for operand in operands)
    if function == "Fn::Or":
        return any(_holds(operand, values) for operand in operands)
    raise ParameterError(f"a rule of the template uses {function}, which the workbench does not evaluate")


def _value(operand: Any, values: Mapping[str, str]) -> Any:
    return values[operand["Ref"]] if isinstance(operand, dict) else operand
