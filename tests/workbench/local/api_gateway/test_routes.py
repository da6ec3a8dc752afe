"""Paths of requests find the resource that API Gateway finds."""

from __future__ import annotations

import pytest

from workbench.local.api_gateway.gateway_responses import RefusedError
from workbench.local.api_gateway.routes import Routes
from workbench.template.rendered_api import RenderedMethod

PATHS = {
    "/": ("GET", "POST", "PUT"),
    "/inference": ("POST",),
    "/inference/{request_id}": ("GET",),
    "/push": ("GET", "POST", "PUT"),
    "/push/{proxy+}": ("ANY",),
    "/{proxy+}": ("GET", "POST", "PUT"),
}
ROUTES = Routes(
    RenderedMethod(path, method, {}, requires_key=False, authorization="NONE")
    for path, methods in PATHS.items()
    for method in methods
)


@pytest.mark.parametrize(
    ("request_line", "found"),
    [
        ("GET /", ("/", {})),
        ("POST /inference", ("/inference", {})),
        ("POST /inference/", ("/inference", {})),
        ("GET /inference/7", ("/inference/{request_id}", {"request_id": "7"})),
        ("PUT /push", ("/push", {})),
        ("GET /push/", ("/push", {})),
        ("DELETE /push/cam1", ("/push/{proxy+}", {"proxy": "cam1"})),
        ("POST /push/cam1/LAPI/V1.0/", ("/push/{proxy+}", {"proxy": "cam1/LAPI/V1.0"})),
        ("POST /push/a%2Fb+c//d", ("/push/{proxy+}", {"proxy": "a%2Fb+c//d"})),
        ("GET /PictureHttpUpload/keepalive", ("/{proxy+}", {"proxy": "PictureHttpUpload/keepalive"})),
        ("POST /INFERENCE", ("/{proxy+}", {"proxy": "INFERENCE"})),
    ],
)
def test_the_most_specific_resource_is_found(request_line: str, found: tuple[str, dict[str, str]]) -> None:
    method, path = request_line.split()
    route, parameters = ROUTES.find(path, method)
    assert (route.path, parameters) == found


@pytest.mark.parametrize("request_line", ["GET /inference", "PUT /inference/7", "POST /inference/7/8", "DELETE /x"])
def test_the_greedy_resource_takes_nothing_from_those_beside_it(request_line: str) -> None:
    method, path = request_line.split()
    with pytest.raises(RefusedError) as refused:
        ROUTES.find(path, method)
    assert refused.value.kind == "MISSING_AUTHENTICATION_TOKEN"
