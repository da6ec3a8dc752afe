"""The connection against an endpoint of plain sockets, each of whose answers a test scripts."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
import types
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from botocore.exceptions import HTTPClientError
from botocore.exceptions import ReadTimeoutError as AnswerTimeoutError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from inference_api.sagemaker import kept_connection
from inference_api.sagemaker.kept_connection import Answer, KeptConnection

pytestmark = pytest.mark.processes

Step = Callable[[socket.socket], None]
FRAME = b"\xff\xd8\xff a frame"
LARGE = bytes(6_000_000)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n"


def whole(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 3\r\n\r\n1,2")


def chunked(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n1\r\n2\r\n,2\r\n0\r\n\r\n")


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def close(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def after(said: bytes, end: Step) -> Step:
    def step(connection: socket.socket) -> None:
        connection.sendall(said)
        time.sleep(0.05)  # or the reset overtakes the bytes
        end(connection)

    return step


class ScriptedEndpoint:
    """An endpoint that takes one step of its script a request, and is silent after the last one."""

    def __init__(self, *script: Step, reads: int | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._script = iter(script)
        self.reads = reads
        self._tls = tls
        self._open: list[socket.socket] = []
        self.connections = 0
        self.bodies: list[int] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                plain = self._listener.accept()[0]
                accepted = self._tls.wrap_socket(plain, server_side=True) if self._tls else plain
                self.connections += 1
                self._open.append(accepted)
                threading.Thread(target=self._serve, args=[accepted], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            while head := self._head(connection):
                length = int(head.lower().split(b"content-length:")[1].split()[0])
                self.bodies.append(self._body(connection, length if self.reads is None else self.reads))
                step = next(self._script, None)
                if step is None:
                    return
                step(connection)

    def _head(self, connection: socket.socket) -> bytes:
        head = b""
        while b"\r\n\r\n" not in head:
            byte = connection.recv(1)
            if not byte:
                return b""
            head += byte
        return head

    def _body(self, connection: socket.socket, length: int) -> int:
        left = length
        while left and (got := connection.recv(min(left, 1 << 20))):
            left -= len(got)
        return length - left


@contextmanager
def _served(
    *script: Step, reads: int | None = None, tls: ssl.SSLContext | None = None, read_timeout: float = 5
) -> Iterator[tuple[ScriptedEndpoint, KeptConnection]]:
    with closing(ScriptedEndpoint(*script, reads=reads, tls=tls)) as endpoint:
        connection = KeptConnection(endpoint.url, connect_timeout=2, read_timeout=read_timeout)
        with closing(connection):
            yield endpoint, connection


def _post(connection: KeptConnection, body: bytes = FRAME) -> Answer:
    return connection.post("/endpoints/name/invocations", {"Content-Type": "image/jpeg"}, body)


@pytest.mark.parametrize("answers", [whole, chunked])
@pytest.mark.parametrize("breaks", [reset, close])
@pytest.mark.parametrize("body", [FRAME, LARGE])
def test_a_frame_survives_the_death_of_a_connection_that_was_used_before(
    answers: Step, breaks: Step, body: bytes
) -> None:
    with _served(answers, breaks, answers, answers) as (endpoint, connection):
        assert [_post(connection, body).body for _ in range(3)] == [b"1,2"] * 3
        assert endpoint.connections == 2
        assert endpoint.bodies == [len(body)] * 4


@pytest.mark.parametrize("breaks", [reset, close])
def test_a_connection_that_breaks_while_a_large_frame_is_sent(breaks: Step) -> None:
    def breaks_early(connection: socket.socket) -> None:
        endpoint.reads = None
        breaks(connection)

    with _served(whole, breaks_early, whole) as (endpoint, connection):
        _post(connection)
        endpoint.reads = 1000
        assert _post(connection, LARGE).body == b"1,2"
        assert endpoint.connections == 2


@pytest.mark.parametrize("breaks", [reset, close])
def test_a_new_connection_that_breaks_is_no_reason_to_send_again(breaks: Step) -> None:
    with _served(breaks, whole) as (endpoint, connection):
        with pytest.raises(HTTPClientError):
            _post(connection)
        assert endpoint.connections == 1
        assert _post(connection).body == b"1,2"


@pytest.mark.parametrize("breaks", [reset, close])
def test_there_is_no_third_attempt(breaks: Step) -> None:
    with _served(whole, breaks, breaks, whole) as (endpoint, connection):
        _post(connection)
        with pytest.raises(HTTPClientError):
            _post(connection)
        assert (endpoint.connections, len(endpoint.bodies)) == (2, 3)


@pytest.mark.parametrize(
    "said",
    [
        b"H",
        HEAD,
        HEAD + b"Content-Length: 3\r\n\r\n1",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n1\r\n2\r\n,",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\n1,2\r\n",
    ],
)
@pytest.mark.parametrize("breaks", [reset, close])
def test_an_answer_that_began_is_not_asked_for_again(said: bytes, breaks: Step) -> None:
    with _served(whole, after(said, breaks), whole) as (endpoint, connection):
        _post(connection)
        with pytest.raises(HTTPClientError):
            _post(connection)
        assert (endpoint.connections, len(endpoint.bodies)) == (1, 2)
        assert _post(connection).body == b"1,2"


def _drip(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        for byte in HEAD * 100:
            connection.sendall(bytes([byte]))
            time.sleep(0.02)


@pytest.mark.parametrize("silence", [None, after(HEAD, lambda _: None), _drip])
@pytest.mark.parametrize("used_before", [False, True])
def test_silence_ends_with_the_time_for_the_whole_answer(silence: Step | None, used_before: bool) -> None:
    script = [*([whole] if used_before else []), *([silence] if silence else [])]
    with _served(*script, read_timeout=0.4) as (endpoint, connection):
        if used_before:
            _post(connection)
        began = time.monotonic()
        with pytest.raises(AnswerTimeoutError):
            _post(connection)
        assert time.monotonic() - began < 1
        assert endpoint.connections == 1


def test_a_peer_that_does_not_read_ends_with_the_same_time() -> None:
    def waits(connection: socket.socket) -> None:
        time.sleep(3)

    with _served(waits, reads=0, read_timeout=0.4) as (_, connection):
        began = time.monotonic()
        with pytest.raises(AnswerTimeoutError):
            _post(connection, bytes(30_000_000))
        assert time.monotonic() - began < 1


@pytest.mark.parametrize(("seconds", "connections"), [(0, 1), (9, 1), (11, 2), (3600, 2), (-1, 2)])
def test_a_connection_that_was_idle_by_the_wall_clock_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch, seconds: float, connections: int
) -> None:
    clock = types.SimpleNamespace(monotonic=time.monotonic, time=lambda: 1_000_000.0)
    monkeypatch.setattr(kept_connection, "time", clock)
    with _served(whole, whole) as (endpoint, connection):
        _post(connection)
        clock.time = lambda: 1_000_000.0 + seconds  # a frozen function's monotonic clock may stand still
        _post(connection)
        assert endpoint.connections == connections


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine's, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture(params=["http", "https"])
def tls(request: pytest.FixtureRequest, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext | None:
    if request.param == "http":
        return None
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


REFUSAL = b"HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\n\r\ntoo large"


@pytest.mark.parametrize("end", [reset, close])
@pytest.mark.parametrize("used_before", [False, True])
def test_a_refusal_that_comes_while_the_body_is_sent_stays_a_refusal(
    tls: ssl.SSLContext | None, end: Step, used_before: bool
) -> None:
    script = [*([whole] if used_before else []), after(REFUSAL, end), whole]
    with _served(*script, tls=tls) as (endpoint, connection):
        if used_before:
            _post(connection)
        endpoint.reads = 1000
        assert _post(connection, LARGE).status == 413
        endpoint.reads = None
        assert _post(connection).body == b"1,2"
        assert endpoint.connections == 2


TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
ENDS_OF_TIMED_OUT = [
    b"Content-Length: 4\r\n\r\nidle",
    b"Content-Length: 4\r\n\r\nid",
    b"Content-Length: 0\r\n\r\n",
    b"\r\nidle",
]


@pytest.mark.parametrize("said", ENDS_OF_TIMED_OUT)
@pytest.mark.parametrize("end", [reset, close])
@pytest.mark.parametrize(("body", "reads"), [(FRAME, None), (LARGE, 1000), (FRAME, 0)])
def test_a_frame_survives_a_server_whose_time_for_the_next_request_is_over(
    tls: ssl.SSLContext | None, said: bytes, end: Step, body: bytes, reads: int | None
) -> None:
    def times_out(connection: socket.socket) -> None:
        endpoint.reads = None
        after(TIMED_OUT + said, end)(connection)

    with _served(whole, times_out, whole, whole, tls=tls) as (endpoint, connection):
        _post(connection)
        endpoint.reads = reads
        assert _post(connection, body).body == b"1,2"
        assert _post(connection).body == b"1,2"
        assert endpoint.connections == 2


def test_a_new_connections_408_is_the_answer() -> None:
    times_out = after(TIMED_OUT + ENDS_OF_TIMED_OUT[0], close)
    with _served(times_out, whole, times_out, times_out) as (endpoint, connection):
        assert _post(connection).status == 408
        assert _post(connection).status == 200
        assert _post(connection).status == 408  # twice
        assert (endpoint.connections, len(endpoint.bodies)) == (3, 4)


@pytest.mark.parametrize("breaks", [reset, close])
def test_a_dead_connection_is_replaced_over_tls_too(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, breaks: Step
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with _served(chunked, breaks, chunked, tls=context) as (endpoint, connection):
        assert [_post(connection, LARGE).body for _ in range(2)] == [b"1,2"] * 2
        assert endpoint.connections == 2
