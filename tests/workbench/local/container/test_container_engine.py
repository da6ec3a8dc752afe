"""Images run by an engine: by a stub on the PATH everywhere, by a real one where the image exists."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import httpx
import pytest

from workbench.errors import StartError
from workbench.local.container import container_engine
from workbench.local.container.container_engine import Engine
from workbench.local.servers.http_server import HttpServer

pytestmark = pytest.mark.processes

IMAGE = "210987654321.dkr.ecr.us-east-1.amazonaws.com/team/mine:1"
# Stub of an engine for the workbench: it has only the image IMAGE, and answers /ping with PING.
STAND_IN = f"""#!{sys.executable}
import json, os, pathlib, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

state = pathlib.Path(os.environ["STAND_IN"])
with (state / "calls").open("a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
words = [word for word in sys.argv[1:] if word != "--runtime=runc"]
if words[0] == "image":
    sys.exit(words[-1] != "{IMAGE}")
if words[0] == "port":
    port = state / "port"
    sys.exit(print(port.read_text()) if port.exists() else 1)
if words[0] == "network":
    sys.exit(print("172.17.0.1"))
if words[0] == "run":
    status, _, body = os.environ["PING"].partition(" ")
    if status == "ends":
        sys.exit("cannot start: " + body)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(int(status))
            self.end_headers()
            self.wfile.write(body.encode())

    server = HTTPServer(("127.0.0.1", 0), Handler)
    (state / "new").write_text(f"127.0.0.1:{{server.server_port}}")
    (state / "new").rename(state / "port")
    server.serve_forever()
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Puts the stub alone on the PATH as docker; returns the file of its calls."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "docker").write_text(STAND_IN)
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("STAND_IN", str(tmp_path))
    monkeypatch.setenv("PING", "200")
    return tmp_path / "calls"


def _calls(calls: Path) -> list[list[str]]:
    return [json.loads(line) for line in calls.read_text().splitlines()]


def test_it_is_started_as_sagemaker_starts_it_and_removed(calls: Path, tmp_path: Path) -> None:
    environment = {"MODEL_NAME": "my-model"}
    with container_engine.running(IMAGE, environment, model_dir=tmp_path, log=tmp_path / "log") as (url, program):
        assert httpx.get(f"{url}/ping").status_code == 200
        assert program.failure is None
    (run,) = (call for call in _calls(calls) if call[0] == "run")
    rm = _calls(calls)[-1]
    name = next(word.removeprefix("--name=") for word in run if word.startswith("--name="))
    assert run[-2:] == [IMAGE, "serve"]
    assert {
        "--rm",
        "--pull=never",
        "--stop-timeout=30",
        "--publish=127.0.0.1::8080",
        "--env=MODEL_NAME=my-model",
        f"--volume={tmp_path}:/opt/ml/model:ro",
    } <= set(run)
    assert rm == ["rm", "--force", name]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/ping")


def test_the_address_at_which_a_container_reaches_this_machine(calls: Path) -> None:
    assert container_engine.address_of_this_machine(IMAGE) == "172.17.0.1"
    assert _calls(calls)[-1] == ["network", "inspect", "bridge", "--format={{(index .IPAM.Config 0).Gateway}}"]


def test_an_address_that_comes_later() -> None:
    """Podman makes its bridge with the first container."""
    with HttpServer(lambda environ, start: [], host="192.0.2.77") as server:
        assert server.url == f"http://192.0.2.77:{server.port}"


def test_nothing_is_mounted_without_model_data() -> None:
    command = Engine(("podman", "--runtime=runc"), ("--ulimit=x",)).run_command(
        IMAGE, name="n", environment={}, model_dir=None
    )
    assert command[:3] == ["podman", "--runtime=runc", "run"]
    assert "--ulimit=x" in command
    assert not any(word.startswith("--volume") for word in command)


def test_an_image_that_is_not_here(calls: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(StartError, match=r"the image other:1 is not on this machine; run 'docker pull other:1' first"),
        container_engine.running("other:1", {}, model_dir=None, log=tmp_path / "log"),
    ):
        pass


def test_no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StartError, match="needs Docker or Podman to run here, and neither works"):
        container_engine.find(IMAGE)


@pytest.mark.parametrize(
    ("ping", "says"),
    [
        ("ends no space left", "ends with: cannot start: no space left"),
        ('500 {"error": {"code": "ModelLoadFailed"}}', "the model could not be loaded"),
    ],
)
def test_a_container_that_does_not_get_ready(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ping: str, says: str
) -> None:
    monkeypatch.setenv("PING", ping)
    with (
        pytest.raises(StartError, match=says),
        container_engine.running(IMAGE, {}, model_dir=None, log=tmp_path / "log"),
    ):
        pass
    assert _calls(calls)[-1][0] == "rm"


REAL = os.environ.get("IPC_CUSTOM_IMAGE", "localhost/ipc-custom:container-test")


@pytest.fixture
def real_image() -> str:
    try:
        container_engine.find(REAL)
    except StartError as error:
        pytest.skip(f"build containers/customized-application under this name: {error}")
    return REAL


def test_a_real_image(real_image: str, tmp_path: Path, photograph: Path) -> None:
    environment = {"APPLICATION_TYPE": "custom", "MODEL_NAME": "my-model", "MODEL_SERVER_WORKERS": "1"}
    with container_engine.running(real_image, environment, model_dir=None, log=tmp_path / "log") as (url, _):
        answer = httpx.post(
            f"{url}/invocations", content=photograph.read_bytes(), headers={"Content-Type": "image/png"}
        )
        assert (answer.json()["model"], answer.json()["problems"]) == ("my-model", [])
    assert "Shutting down: Master" in (tmp_path / "log").read_text()
    left = container_engine.find(real_image).output("ps", "--all", f"--filter=ancestor={real_image}", "--quiet")
    assert left == ""
