"""The client against a local runtime, compared with boto3's client."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, HTTPClientError
from botocore.exceptions import ReadTimeoutError as AnswerTimeoutError

from inference_api.sagemaker.runtime_client import RuntimeClient
from inference_api.settings import AwsAccess

pytestmark = pytest.mark.processes

WORDS: dict[str, Any] = {
    "EndpointName": "name",
    "Body": b"\xff\xd8\xff a frame",
    "ContentType": "image/jpeg; max_results=1",
    "Accept": "application/json",
    "InferenceId": "request-1",
    "CustomAttributes": "camera_id=gate",
}
ENVIRONMENT = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}


class Runtime(http.server.ThreadingHTTPServer):
    """A runtime that gives a set answer and keeps its requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: tuple[int, dict[str, str], bytes] = (200, {"Content-Type": "text/csv"}, b"1,2")
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.connections = 0
        self.before_answer: Callable[[_Handler], object] = lambda handler: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Runtime

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        self.server.before_answer(self)
        status, headers, answer = self.server.answer
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(answer))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: Any) -> None:
        """Log nothing."""


@pytest.fixture
def runtime() -> Iterator[Runtime]:
    with Runtime() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def _client(url: str, read_timeout: float = 5) -> RuntimeClient:
    access = AwsAccess.from_environment({**ENVIRONMENT, "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": url})
    return RuntimeClient(access, connect_timeout=2, read_timeout=read_timeout)


def _botos(url: str) -> Any:
    return boto3.client(
        "sagemaker-runtime",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_requests_are_those_of_boto3(runtime: Runtime) -> None:
    attributes = {"X-Amzn-SageMaker-Custom-Attributes": "status=201&X-Model=7"}
    runtime.answer = 200, {"Content-Type": "text/csv", **attributes}, b"1,2"
    with closing(_client(runtime.url)) as client:
        answer = client.invoke_endpoint(**WORDS)
    assert (answer["Body"].read(), answer["ContentType"]) == (b"1,2", "text/csv")
    with closing(_botos(runtime.url)) as client:
        botos_answer = client.invoke_endpoint(**WORDS)
    assert answer["CustomAttributes"] == botos_answer["CustomAttributes"] == "status=201&X-Model=7"
    (path, ours, body), (other_path, botos, other_body) = runtime.asked
    assert (path, body) == (other_path, other_body)
    named = {"content-type", "accept", "x-amzn-sagemaker-custom-attributes", "x-amzn-sagemaker-inference-id", "host"}
    assert {name: ours[name] for name in named} == {name: botos[name] for name in named}
    assert ours["authorization"].split("/", 2)[0] == botos["authorization"].split("/", 2)[0]


@pytest.mark.parametrize(
    ("status", "headers", "document"),
    [
        (
            424,
            {"x-amzn-ErrorType": "ModelError:http://internal"},
            {"Message": "m", "OriginalStatusCode": 400, "OriginalMessage": "o"},
        ),
        (400, {"x-amzn-ErrorType": "ValidationError"}, {"message": "not found"}),
        (429, {}, {"__type": "com.amazon#ThrottlingException", "message": "slower"}),
        (503, {}, None),
    ],
)
def test_errors_are_boto3s(
    runtime: Runtime, status: int, headers: dict[str, str], document: dict[str, Any] | None
) -> None:
    runtime.answer = (status, headers, b"<html>" if document is None else json.dumps(document).encode())
    errors = []
    for made in (_client, _botos):
        with closing(made(runtime.url)) as client, pytest.raises(ClientError) as raised:
            client.invoke_endpoint(**WORDS)
        errors.append(raised.value.response)
    ours, botos = errors
    if document is not None:
        assert ours["Error"]["Code"] == botos["Error"]["Code"]
    for name in ("OriginalStatusCode", "OriginalMessage"):
        assert ours.get(name) == botos.get(name)


@pytest.fixture
def client(runtime: Runtime) -> Iterator[RuntimeClient]:
    with closing(_client(runtime.url, read_timeout=60)) as made:
        yield made


def test_a_connection_is_kept_and_a_closed_one_replaced(runtime: Runtime, client: RuntimeClient) -> None:
    client.invoke_endpoint(**WORDS)
    client.invoke_endpoint(**WORDS)
    assert runtime.connections == 1
    runtime.answer = (200, {"Connection": "close"}, b"{}")
    client.invoke_endpoint(**WORDS)
    client.invoke_endpoint(**WORDS)
    assert runtime.connections == 2

    def hang_up(handler: _Handler) -> None:
        handler.close_connection = True

    runtime.answer, runtime.before_answer = (200, {}, b"{}"), hang_up  # without Connection: close
    client.invoke_endpoint(**WORDS)
    time.sleep(0.1)
    client.invoke_endpoint(**WORDS)
    assert len(runtime.asked) == 6


def test_timeouts_and_broken_connections_are_told_apart(runtime: Runtime, client: RuntimeClient) -> None:
    enough = threading.Event()
    runtime.before_answer = lambda handler: enough.wait(60)
    with closing(_client(runtime.url, read_timeout=0.1)) as impatient, pytest.raises(AnswerTimeoutError):
        impatient.invoke_endpoint(**WORDS)
    enough.set()
    runtime.before_answer = lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)
    with pytest.raises(HTTPClientError):
        client.invoke_endpoint(**WORDS)
    runtime.before_answer = lambda handler: None
    assert client.invoke_endpoint(**WORDS)["Body"].read() == b"1,2"


def test_a_port_without_a_listener_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(EndpointConnectionError):
        _client(f"http://127.0.0.1:{port}").invoke_endpoint(**WORDS)


def test_a_connection_that_is_not_accepted_times_out() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]  # more than the backlog of a socket that accepts none
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        access = AwsAccess.from_environment({**ENVIRONMENT, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{address[1]}"})
        with pytest.raises(ConnectTimeoutError):
            RuntimeClient(access, connect_timeout=0.2, read_timeout=1).invoke_endpoint(**WORDS)
        for one in waiting:
            one.close()


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("us-east-1", "https://runtime.sagemaker.us-east-1.amazonaws.com"),
        ("cn-northwest-1", "https://runtime.sagemaker.cn-northwest-1.amazonaws.com.cn"),
        ("us-gov-west-1", "https://runtime.sagemaker.us-gov-west-1.amazonaws.com"),
        ("eusc-de-east-1", "https://runtime.sagemaker.eusc-de-east-1.amazonaws.eu"),
        ("us-iso-east-1", "https://runtime.sagemaker.us-iso-east-1.c2s.ic.gov"),
        ("us-isob-east-1", "https://runtime.sagemaker.us-isob-east-1.sc2s.sgov.gov"),
        ("us-isof-south-1", "https://runtime.sagemaker.us-isof-south-1.csp.hci.ic.gov"),
        ("eu-isoe-west-1", "https://runtime.sagemaker.eu-isoe-west-1.cloud.adc-e.uk"),
    ],
)
def test_the_address_is_boto3s(region: str, url: str) -> None:
    access = AwsAccess.from_environment({**ENVIRONMENT, "AWS_REGION": region})
    assert access.sagemaker_runtime_url == url
    client = boto3.client("sagemaker-runtime", region_name=region, aws_access_key_id="a", aws_secret_access_key="b")
    assert client.meta.endpoint_url == url


@pytest.mark.parametrize("accept", ["text/plain; x=\u2603", "text/plain; x=caf\u00e9"])
def test_a_header_in_any_language_is_sent_as_it_is_signed(runtime: Runtime, client: RuntimeClient, accept: str) -> None:
    client.invoke_endpoint(**WORDS | {"Accept": accept})
    ((_, headers, _),) = runtime.asked
    assert headers["accept"].encode("latin-1").decode() == accept  # http.server reads headers as Latin-1


def test_a_request_that_cannot_be_sent_leaves_nothing_to_the_next(runtime: Runtime, client: RuntimeClient) -> None:
    with pytest.raises(HTTPClientError):
        client.invoke_endpoint(**WORDS | {"Accept": "text/plain\x0a: no"})
    assert client.invoke_endpoint(**WORDS)["Body"].read() == b"1,2"
    assert [body for _, _, body in runtime.asked] == [WORDS["Body"]]


def test_an_answer_that_comes_before_all_is_sent() -> None:
    said = b'{"message": "slow down"}'

    def refuse(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1024)
            head = (
                f"HTTP/1.1 429 Too Many\r\nx-amzn-ErrorType: ThrottlingException\r\nContent-Length: {len(said)}\r\n\r\n"
            )
            connection.sendall(head.encode() + said)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1 << 20):
                pass  # closing with unread bytes would reset the connection, and lose the answer

    with socket.create_server(("127.0.0.1", 0)) as listener:
        refusing = threading.Thread(target=refuse, args=[listener])
        refusing.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        access = AwsAccess.from_environment(ENVIRONMENT | {"AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": url})
        with closing(RuntimeClient(access, connect_timeout=1, read_timeout=5)) as client:
            with pytest.raises(ClientError) as refused:
                client.invoke_endpoint(**WORDS | {"Body": bytes(6_000_000)})
            assert refused.value.response["Error"] == {"Code": "ThrottlingException", "Message": "slow down"}
        refusing.join()
