"""Processor time that the Lambda function itself takes for a request, and to load.

The endpoint is an HTTP server on this machine that answers at once, not a stub inside the function: so signing, sending
and reading count, whatever client the function has. Processor time is that of the thread that runs the handler, in
which the server, on a thread of its own, has no part. Events are not saved (``saveRequestEvents=No``).
"""

from __future__ import annotations

import base64
import contextlib
import importlib
import io
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from workbench import places

_SOURCES = places.REPOSITORY / "lambda" / "inference"
_ENVIRONMENT = {
    "APPLICATION_TYPE": "body-detection",
    "MODEL_NAME": "yolox_nano",
    "ENDPOINT_NAME": "endpoint",
    "ENDPOINT_TYPE": "real-time",
    "EVENTS_BUCKET": "events",
    "SAVE_REQUEST_EVENTS": "No",
    "EVENTS_TABLE": "No",
    "CAMERA_METRICS": "No",
    "POWERTOOLS_SERVICE_NAME": "speed",
    "POWERTOOLS_METRICS_NAMESPACE": "Speed",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
}
_CONTEXT = types.SimpleNamespace(
    function_name="speed", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="request"
)
_ANSWER = json.dumps(
    {"width": 1920, "height": 1280, "channels": 3, "bbox_scores": [[0.9]], "bbox_coords": [[955, 336, 1381, 1261]]}
).encode()
# As tutorials begin a function, with the client that it calls an endpoint with.
_NAIVE = """
import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
logger, metrics, app = Logger(), Metrics(), APIGatewayRestResolver()
client = boto3.client("sagemaker-runtime")
"""
_OURS = "import inference_api.handler"


@dataclass(frozen=True, kw_only=True)
class RequestTimes:
    """Processor time of one request's handler, medians in milliseconds.

    Attributes:
        frame_bytes: size of the frame sent.
        requests: requests of each form.
        image_ms: with the image itself as the body.
        json_ms: with the image in base64 in JSON, as earlier versions' clients send it.
    """

    frame_bytes: int
    requests: int
    image_ms: float
    json_ms: float


@dataclass(frozen=True, kw_only=True)
class ImportTimes:
    """Time of a fresh interpreter that loads a function and makes its clients, medians in milliseconds.

    Attributes:
        starts: starts of each.
        naive_ms: boto3 and Powertools, loaded as tutorials do.
        ours_ms: the function of this project, started as Lambda starts it.
    """

    starts: int
    naive_ms: float
    ours_ms: float

    @property
    def ratio(self) -> float:
        """Ours to the naive one's."""
        return self.ours_ms / self.naive_ms


def time_requests(frame: bytes, *, requests: int = 30) -> RequestTimes:
    """Measure the handler, both forms in turns, after one request of each."""
    events = {"image": _image_event(frame), "json": _json_event(frame)}
    times: dict[str, list[float]] = {form: [] for form in events}
    with _endpoint() as url, _loaded_handler(url) as handler:
        for _ in range(requests + 1):
            for form, event in events.items():
                began = time.thread_time()
                with contextlib.redirect_stdout(io.StringIO()):  # the function's log
                    answer = handler(event, _CONTEXT)
                times[form].append((time.thread_time() - began) * 1000)
                if answer["statusCode"] != 200:
                    raise RuntimeError(f"the function answered {answer['statusCode']}: {answer['body']}")
    image, older = (statistics.median(taken[1:]) for taken in times.values())
    return RequestTimes(frame_bytes=len(frame), requests=requests, image_ms=image, json_ms=older)


def time_imports(*, starts: int = 15) -> ImportTimes:
    """Measure fresh interpreters, in turns, after one of each; the time is processor time of user and system."""
    programs = (_NAIVE, _OURS)
    times: dict[str, list[float]] = {program: [] for program in programs}
    for _ in range(starts + 1):
        for program in programs:
            times[program].append(_start(program))
    naive, ours = (statistics.median(times[program][1:]) for program in programs)
    return ImportTimes(starts=starts, naive_ms=naive, ours_ms=ours)


def _start(program: str) -> float:
    """Milliseconds of processor time that an interpreter takes for a program."""
    environment = {**os.environ, **_ENVIRONMENT, "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}
    process = subprocess.Popen([sys.executable, "-c", program], cwd=_SOURCES, env=environment)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"loading failed with exit code {process.returncode}; its reason is above")
    return (used.ru_utime + used.ru_stime) * 1000


def _image_event(frame: bytes) -> dict[str, Any]:
    return _event({"Content-Type": "image/jpeg"}, base64.b64encode(frame).decode(), is_base64=True)


def _json_event(frame: bytes) -> dict[str, Any]:
    document = {"timestamp": "1614000000.0", "request_id": 1, "image_base64_enc": base64.b64encode(frame).decode()}
    return _event({}, json.dumps(document), is_base64=False)


def _event(headers: Mapping[str, str], body: str, *, is_base64: bool) -> dict[str, Any]:
    """API Gateway's proxy event of a ``POST /inference``."""
    return {
        "resource": "/inference",
        "path": "/inference",
        "httpMethod": "POST",
        "headers": dict(headers),
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"requestId": "r", "stage": "prod", "path": "/prod/inference", "httpMethod": "POST"},
        "body": body,
        "isBase64Encoded": is_base64,
    }


@contextlib.contextmanager
def _loaded_handler(url: str) -> Iterator[Any]:
    """The function's handler in this process, with its environment and the endpoint at ``url``."""
    changed = {**_ENVIRONMENT, "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": url}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    sys.path.insert(0, str(_SOURCES))
    try:
        handler = importlib.import_module("inference_api.handler").handler
        resources = importlib.import_module("inference_api.resources")
        caches = (resources.settings, resources.endpoint, resources.origin)
        _forget(caches)
        try:
            yield handler
            resources.endpoint().close()
        finally:
            _forget(caches)
    finally:
        sys.path.remove(str(_SOURCES))
        os.environ.update({name: value for name, value in before.items() if value is not None})
        for name in [name for name, value in before.items() if value is None]:
            del os.environ[name]


def _forget(caches: tuple[Any, ...]) -> None:
    for cached in caches:
        cached.cache_clear()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Read the request and answer it."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(_ANSWER)))
        self.end_headers()
        self.wfile.write(_ANSWER)

    def log_message(self, *_: Any) -> None:
        """Keep the server silent."""


@contextlib.contextmanager
def _endpoint() -> Iterator[str]:
    """The URL of a SageMaker runtime that answers at once."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
