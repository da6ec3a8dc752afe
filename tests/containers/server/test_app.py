"""The HTTP contract, around an application made for the test."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from ipc_ai_serving.errors import InvalidImageError, ModelLoadError
from ipc_ai_serving.hooks.application import Application, find
from ipc_ai_serving.server.app import create_app
from ipc_ai_serving.server.host import ApplicationHost


def _application(**hooks: Callable[..., Any]) -> Application:
    usual: dict[str, Any] = {
        "model_fn": lambda model_dir: f"model of {model_dir}",
        "input_fn": lambda body, content_type: (body.decode(), content_type),
        "predict_fn": lambda data, model: [*data, model],
        "output_fn": lambda prediction, accept: (json.dumps([*prediction, accept]).encode(), "application/json"),
    }
    return Application(**(usual | hooks))


def _client(find: Callable[[], Application], *, wait: bool = True) -> FlaskClient:
    host = ApplicationHost(find, "/models", queue_limit=2)
    loading = threading.Thread(target=host.load)
    loading.start()
    if wait:
        loading.join(10)
    return create_app(host, max_body_bytes=1000).test_client()


def _error(answer: Any) -> dict[str, str]:
    assert list(answer.json) == ["error"]
    assert sorted(answer.json["error"]) == ["code", "message", "request_id"]
    error: dict[str, str] = answer.json["error"]
    return error


def test_hooks_run_in_order() -> None:
    answer = _client(_application).post("/invocations", data=b"frame", content_type="x/y", headers={"Accept": "a/b"})
    assert answer.status_code == 200
    assert answer.json == ["frame", "x/y", "model of /models", "a/b"]


def test_ping_waits_for_the_model() -> None:
    loaded = threading.Event()

    def slow_model(model_dir: str) -> str:
        loaded.wait(10)
        return "model"

    client = _client(lambda: _application(model_fn=slow_model), wait=False)
    assert client.get("/ping").status_code == 503
    refused = client.post("/invocations", data=b"x")
    assert (refused.status_code, _error(refused)["code"]) == (503, "ModelNotReady")
    assert refused.headers["Retry-After"] == "1"
    loaded.set()
    for _ in range(100):
        if client.get("/ping").status_code == 200:
            break
        threading.Event().wait(0.02)
    assert client.get("/ping").status_code == 200


@pytest.mark.parametrize("fault", [ModelLoadError("no such file"), ValueError("bug in the hook")])
def test_a_model_that_cannot_be_loaded(fault: Exception, caplog: pytest.LogCaptureFixture) -> None:
    def broken(model_dir: str) -> None:
        raise fault

    client = _client(lambda: _application(model_fn=broken))
    assert (client.get("/ping").status_code, _error(client.get("/ping"))["code"]) == (500, "ModelLoadFailed")
    assert client.post("/invocations", data=b"x").status_code == 500
    assert str(fault) in caplog.text


def test_what_the_client_sent_wrong_is_told() -> None:
    def refuse(body: bytes, content_type: str | None) -> None:
        raise InvalidImageError("send a JPEG")

    client = _client(lambda: _application(input_fn=refuse))
    answer = client.post("/invocations", data=b"x", headers={"X-Amzn-SageMaker-Inference-Id": "r-1"})
    assert answer.status_code == 400
    assert _error(answer) == {"code": "InvalidImage", "message": "send a JPEG", "request_id": "r-1"}


def test_a_fault_of_a_hook_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    def fail(data: Any, model: Any) -> None:
        raise RuntimeError("secret path /opt")

    client = _client(lambda: _application(predict_fn=fail))
    answer = client.post("/invocations", data=b"x")
    assert (answer.status_code, _error(answer)["code"]) == (500, "InternalError")
    assert "secret" not in answer.text
    assert "secret path" in caplog.text
    assert client.get("/ping").status_code == 200


def test_overload_is_refused_at_once() -> None:
    inside = threading.Semaphore(0)
    released = threading.Event()

    def slow(body: bytes, content_type: str | None) -> str:
        inside.release()
        released.wait(10)
        return "data"

    client = _client(lambda: _application(input_fn=slow))
    statuses: list[int] = []

    def send() -> None:
        statuses.append(client.application.test_client().post("/invocations", data=b"x").status_code)

    waiting = [threading.Thread(target=send) for _ in range(2)]
    for thread in waiting:
        thread.start()
        assert inside.acquire(timeout=10)
    started = time.perf_counter()
    refused = client.post("/invocations", data=b"x")
    assert time.perf_counter() - started < 5  # not after the ten seconds of the others
    assert (refused.status_code, _error(refused)["code"]) == (503, "Overloaded")
    assert refused.headers["Retry-After"] == "1"
    assert client.get("/ping").status_code == 200
    released.set()
    for thread in waiting:
        thread.join()
    assert statuses == [200, 200]
    assert client.post("/invocations", data=b"x").status_code == 200


def test_a_batch_transform_job_is_told_how_to_send() -> None:
    host = ApplicationHost(_application, "/models", queue_limit=2)
    client = create_app(host, max_body_bytes=6 * 1024 * 1024, concurrency=4).test_client()
    answer = client.get("/execution-parameters")  # whatever becomes of the model
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json == {"MaxConcurrentTransforms": 4, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 6}
    assert client.post("/execution-parameters").status_code == 405


def test_a_body_over_the_limit() -> None:
    answer = _client(_application).post("/invocations", data=b"x" * 1001)
    assert (answer.status_code, _error(answer)["code"]) == (413, "PayloadTooLarge")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("GET", "/invocations", 405)])
def test_other_paths_and_methods(method: str, path: str, status: int) -> None:
    answer = _client(_application).open(path, method=method)
    assert answer.status_code == status
    _error(answer)


def test_an_application_that_is_not_there() -> None:
    with pytest.raises(ModelLoadError, match="did you mean 'face-detection'"):
        find("face-detectoin")
