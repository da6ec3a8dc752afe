"""docs/openapi.yaml has the template's operations, and the ways in which a caller proves itself."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from inference_api.proxy import CREDENTIALS_IN_QUERY
from stacks.places import REPOSITORY
from tests.stacks.rendering import rendered
from workbench.template.rendered_api import rendered_methods

DESCRIBED: dict[str, Any] = yaml.safe_load((REPOSITORY / "docs" / "openapi.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("authorization", ["AUTO", "CAMERA"])
def test_each_operation_is_one_of_the_template(template: dict[str, Any], authorization: str) -> None:
    methods = rendered_methods(rendered(template, apiAuthorization=authorization))
    deployed = {(each.path, each.http_method.lower()) for each in methods if each.http_method != "OPTIONS"}
    described = {
        (path.replace("{path}", "{proxy+}"), method)
        for path, methods in DESCRIBED["paths"].items()
        for method in methods
    }
    assert described == deployed


def test_each_credential_is_described() -> None:
    schemes = DESCRIBED["components"]["securitySchemes"]
    assert {next(iter(each), None) for each in DESCRIBED["security"]} == {*schemes, None}
    assert {each["name"] for each in schemes.values() if each.get("in") == "query"} == set(CREDENTIALS_IN_QUERY)
    assert {each["scheme"] for each in schemes.values() if each["type"] == "http"} == {"basic", "bearer"}
    assert schemes["signature"]["x-amazon-apigateway-authtype"] == "awsSigv4"


def test_each_push_is_answered_with_what_a_device_expects() -> None:
    for path in ("/push", "/push/{path}", "/", "/{path}"):
        for method, operation in DESCRIBED["paths"][path].items():
            assert operation["responses"] == DESCRIBED["paths"]["/push"]["post"]["responses"]
            assert ("requestBody" in operation) == (method != "get")
    assert set(DESCRIBED["components"]["responses"]["Pushed"]["content"]) == {
        "application/json",
        "application/xml",
        "text/plain",
    }
    assert "multipart/form-data" in DESCRIBED["paths"]["/inference"]["post"]["requestBody"]["content"]
