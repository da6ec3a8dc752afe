"""Cameras of all makers, as the pages say them, and random requests, as OpenAPI says them, against ``up``."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.test_camera_pages import sections
from workbench.places import REPOSITORY

pytestmark = pytest.mark.processes

FRAME = REPOSITORY / "docs" / "images" / "test-frame.jpg"
EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", "20"))  # of each operation
DESCRIBED: dict[str, Any] = yaml.safe_load((REPOSITORY / "docs" / "openapi.yaml").read_text(encoding="utf-8"))
OPERATIONS = [
    (path, method) for path, operations in DESCRIBED["paths"].items() for method in operations if method != "parameters"
]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@dataclass(frozen=True)
class Service:
    """A running ``up`` with one camera, ``gate-1``."""

    stage: str
    key: str


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("up")
    command = [sys.executable, "-m", "workbench", "up", "--port", "0", "--store", str(folder)]
    command += ["--logs", str(folder / "logs"), "--parameters", "applicationType=face-detection"]
    command += ["detectorModelName=dlib_frontal_face", "saveRequestEvents=Yes", "apiAuthorization=CAMERA"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            printed = ""
            while "Events " not in printed:
                line = process.stdout.readline()
                assert line, "it ended"
                printed += line
            stage = re.search(r"(http://\S+)/inference", printed)
            tables = re.search(r"^Events .*(http://\S+)$", printed, re.MULTILINE)
            assert stage
            assert tables
            yield Service(stage[1], _add("gate-1", tables[1]))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _add(camera: str, endpoint: str) -> str:
    """The camera's key."""
    command = [sys.executable, "-m", "workbench", "camera", "add", camera, "--json", "--endpoint-url", endpoint]
    added = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return str(json.loads(added.stdout)["key"])


@pytest.mark.parametrize("language", ["", "_CN"])
@pytest.mark.parametrize("place", range(len(sections(""))), ids=list(sections("")))
def test_the_commands_of_the_pages_are_answered(service: Service, tmp_path: Path, place: int, language: str) -> None:
    (block,) = re.findall(r"^```sh\n(.*?)^```", list(sections(language).values())[place], re.MULTILINE | re.DOTALL)
    shutil.copy(FRAME, tmp_path / "frame.jpg")
    tells = "curl() { command curl -sS -o answer --write-out '%{http_code}\\n' \"$@\"; cat answer >&2; }"
    variables = {
        "PUSH": f"{service.stage}/push",
        "KEY": service.key,
        "SECRET": service.key[10:],
        "no_proxy": "127.0.0.1",
    }
    finished = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{tells}\n{block}"],
        cwd=tmp_path,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert finished.returncode == 0, finished.stderr
    assert set(finished.stdout.split()) == {"200"}, finished.stderr
    if "frame.jpg" in block and "config" not in block:  # TVT's words are XML, which has no place for detections
        assert '"bbox_labels": ["face"]' in finished.stderr


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_no_request_breaks_what_openapi_promises(service: Service, path: str, method: str) -> None:
    operation = schemathesis.openapi.from_dict(DESCRIBED)[path][method.upper()]
    statuses: Counter[int] = Counter()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy())
    def send(case: schemathesis.Case[Any]) -> None:
        answer = case.call(base_url=service.stage, headers={"x-api-key": service.key})
        statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    send()
    assert statuses.total() > 0
    assert not {401, 403, 429} & set(statuses)


@pytest.mark.parametrize("path", ["/inference", "/push", "/push/{path}", "/", "/{path}"])
@pytest.mark.parametrize("as_form", [False, True])
def test_a_picture_is_answered_as_openapi_promises(service: Service, path: str, as_form: bool) -> None:
    operation = schemathesis.openapi.from_dict(DESCRIBED)[path]["POST"]
    case = operation.Case(path_parameters={"path": "gate-2"})
    sent: dict[str, Any] = {"files": {"image": FRAME.read_bytes()}} if as_form else {"data": FRAME.read_bytes()}
    kind = {} if as_form else {"Content-Type": "image/jpeg"}
    answer = case.call(base_url=service.stage, headers={"x-api-key": service.key, **kind}, **sent)
    case.validate_response(answer, checks=CHECKS)
    assert answer.json()["bbox_labels"] == ["face"]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_a_stranger_is_refused_as_openapi_says(service: Service, path: str, method: str) -> None:
    url = service.stage + path.replace("{request_id}", "r").replace("{path}", "a/b")
    answer = httpx.request(method, url, timeout=30)
    if (path, method) == ("/", "get"):
        assert answer.json() == {"result": True}
    else:
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        assert set(answer.json()["error"]) == {"code", "message", "request_id"}
        assert (
            "401" in DESCRIBED["paths"][path][method]["responses"]
            or "default" in DESCRIBED["paths"][path][method]["responses"]
        )
