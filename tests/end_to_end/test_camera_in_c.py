"""The client in C of docs/api.md, against servers that refuse it, and against ``up`` with the test picture."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask, Response, request

from workbench.local.servers.http_server import HttpServer
from workbench.places import REPOSITORY

pytestmark = pytest.mark.processes

SOURCE = REPOSITORY / "docs" / "examples" / "camera.c"
FRAME = REPOSITORY / "docs" / "images" / "test-frame.jpg"
PAGES = ["docs/api.md", "docs/api_CN.md"]


def _expected(page: str) -> dict[str, Any]:
    """The answer that a page gives below the test picture."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    (answer,) = re.findall(r"test-frame\.jpg.*?```json\n(.*?)\n```", text, re.DOTALL)[:1]
    document: dict[str, Any] = json.loads(answer)
    return document


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    folder = tmp_path_factory.mktemp("camera")
    (folder / "headers.c").write_text("#include <curl/curl.h>\nint main(void) { return !curl_version(); }\n")
    tried = [compiler, "-o", str(folder / "headers"), str(folder / "headers.c"), "-lcurl"]
    if subprocess.run(tried, capture_output=True, check=False).returncode:
        pytest.skip("needs libcurl with its headers (libcurl4-openssl-dev on Debian)")
    program = folder / "camera"
    flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O2"]
    subprocess.run([compiler, *flags, "-o", str(program), str(SOURCE), "-lcurl"], check=True)
    return program


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """URL and key of a local run with the detector that an installed package ships."""
    folder = tmp_path_factory.mktemp("up")
    command = [sys.executable, "-m", "workbench", "up", "--port", "0", "--store", str(folder)]
    command += ["--logs", str(folder / "logs"), "--parameters", "applicationType=face-detection"]
    command += ["detectorModelName=dlib_frontal_face", "saveRequestEvents=Yes", "apiAuthorization=API_KEY"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            printed: dict[str, str] = {}
            while "Key" not in printed:
                name, _, value = process.stdout.readline().strip().partition(" ")
                assert name, "it ended"
                printed[name] = value
            yield printed["API"], printed["Key"]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _send(camera: Path, url: str, *, key: str = "", name: str = "gate-1") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "IPC_API_KEY": key, "no_proxy": "127.0.0.1"}
    command = [str(camera), url, str(FRAME), name]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_the_source_is_short() -> None:
    assert len(SOURCE.read_text().splitlines()) <= 120


@pytest.mark.parametrize("page", PAGES)
def test_the_test_picture_has_the_answer_of_the_page(api: tuple[str, str], page: str) -> None:
    url, key = api
    headers = {"Content-Type": "image/jpeg", "X-Api-Key": key}
    answer = httpx.post(f"{url}?min_confidence=0.3", content=FRAME.read_bytes(), headers=headers, timeout=30)
    _check(answer.json(), _expected(page))


def test_the_client_gets_the_answer(camera: Path, api: tuple[str, str]) -> None:
    url, key = api
    finished = _send(camera, f"{url}?min_confidence=0.3", key=key, name="门口")
    assert finished.returncode == 0, finished.stderr
    _check(json.loads(finished.stdout), _expected(PAGES[0]))


def test_the_client_does_not_repeat_what_is_refused(camera: Path, api: tuple[str, str]) -> None:
    finished = _send(camera, api[0], key="wrong")
    assert finished.returncode == 1
    assert "InvalidApiKey" in finished.stdout
    assert "again in" not in finished.stderr


def _check(answer: dict[str, Any], expected: dict[str, Any]) -> None:
    """The same boxes to the pixel; scores are sums of floats, whose last digits differ by processor."""
    assert {**answer, "bbox_scores": None} == {**expected, "bbox_scores": None}
    for (score,), (wanted,) in zip(answer["bbox_scores"], expected["bbox_scores"], strict=True):
        assert score == pytest.approx(wanted, abs=1e-4)


def test_the_client_repeats_with_one_key_until_it_is_answered(camera: Path) -> None:
    app = Flask(__name__)
    keys: list[str] = []
    answers = iter([(503, {"Retry-After": "1"}), (429, {}), (200, {})])

    @app.post("/inference")
    def infer() -> Response:
        assert request.get_data() == FRAME.read_bytes()
        assert request.headers["X-Camera-Id"] == "gate-1"
        keys.append(request.headers["Idempotency-Key"])
        status, headers = next(answers)
        return Response(json.dumps({"status": status}), status, headers)

    with HttpServer(app) as server:
        finished = _send(camera, f"{server.url}/inference")
    assert finished.returncode == 0, finished.stderr
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert re.fullmatch(r"[0-9a-f]{32}", keys[0])
    assert finished.stderr.count("again in") == 2


@pytest.mark.parametrize("words", [[], ["http://127.0.0.1:9", "nowhere.jpg", "gate-1"]])
def test_the_client_called_the_wrong_way(camera: Path, words: list[str]) -> None:
    finished = subprocess.run([str(camera), *words], capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert finished.stderr.count("\n") == 1
