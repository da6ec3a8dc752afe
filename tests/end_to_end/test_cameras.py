"""Cameras that prove who they are, from the socket through the authorizer and the function to the registry and back."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

pytestmark = pytest.mark.processes

REPOSITORY = Path(__file__).resolve().parents[2]
PNG = {"Content-Type": "image/png"}
_SECONDS = 60
"""Time in which a change of the registry is in force."""


@contextmanager
def _up(folder: Path, *words: str) -> Iterator[dict[str, str]]:
    """Output of ``ipc-ai up``, each line by its first word, and lines of cameras by the camera."""
    command = [sys.executable, "-m", "workbench", "up", "--port", "0", "--logs", str(folder), *words]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed: dict[str, str] = {}
        try:
            while "Registry" not in printed:
                word, _, rest = process.stdout.readline().strip().partition(" ")
                assert word, "it ended"
                name, _, proofs = rest.partition(" ") if word == "Camera" else (word, "", rest)
                printed[name] = proofs
            yield printed
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("cameras")
    file = folder / "cameras.csv"
    file.write_text("camera_id,site\ngate-1,north\ngate-2,south\n")
    with _up(folder, "--cameras", str(file), "--parameters", "detectorModelName=dlib_frontal_face") as printed:
        yield printed


def _camera(printed: dict[str, str], *words: str) -> str:
    """Output of ``ipc-ai camera`` with the options that ``up`` printed."""
    options = printed["Registry"].partition(" camera list ")[2].split()
    command = [sys.executable, "-m", "workbench", "camera", *words, *options]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout


def _key(printed: dict[str, str], camera: str) -> str:
    return printed[camera].split(" k=")[1]


def _answer(printed: dict[str, str], *, path: str, head: str, body: bytes = b"") -> tuple[bytes, bytes]:
    """Status and whole answer to a request that is written byte by byte here."""
    address = urlsplit(printed["Push"])
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
        connection.sendall(head.replace("PATH", path).encode() + b"\r\n\r\n" + body)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return answer.split()[1], answer


def test_a_camera_proves_itself_in_each_way(printed: dict[str, str], photograph: Path) -> None:
    frame, key = photograph.read_bytes(), _key(printed, "gate-1")
    user, _, password = printed["gate-1"].split()[0].partition(":")
    push = printed["Push"]
    answers = [
        httpx.post(push, content=frame, headers=PNG, auth=(user, password), timeout=30),
        httpx.put(f"{push}/any/suffix", content=frame, headers={"x-api-key": key}, timeout=30),
        httpx.post(printed["API"], content=frame, headers=PNG | {"Authorization": f"Bearer {key}"}, timeout=30),
        httpx.post(f"{push.replace('/prod', '')}?k={key}", files={"a": ("a.png", frame, "image/png")}, timeout=30),
    ]
    assert [answer.status_code for answer in answers] == [200] * 4, [answer.text for answer in answers]
    assert all(answer.json()["bbox_scores"][0][0] > 0.9 for answer in answers)


def test_strangers_get_a_challenge_and_never_reach_the_function(printed: dict[str, str], photograph: Path) -> None:
    for auth in (None, ("gate-1", "wrong"), ("gate-3", "wrong")):
        refused = httpx.post(printed["Push"], content=photograph.read_bytes(), headers=PNG, auth=auth, timeout=30)
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "Unauthorized")
        assert refused.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert httpx.options(printed["Push"]).status_code == 204


def test_a_heartbeat_at_the_hosts_root_is_answered_to_all(printed: dict[str, str]) -> None:
    status, answer = _answer(printed, path="/PictureHttpUpload/keepalive", head="GET PATH HTTP/1.0")
    assert (status, json.loads(answer.partition(b"\r\n\r\n")[2])) == (b"200", {"result": True})


def test_requests_of_old_and_of_bad_clients(printed: dict[str, str], photograph: Path) -> None:
    frame, path = photograph.read_bytes(), f"/prod/push/gate-1?k={_key(printed, 'gate-1')}"
    chunked = b"%X\r\n%s\r\n0\r\n\r\n" % (len(frame), frame)
    status, _ = _answer(printed, path=path, head=f"POST PATH HTTP/1.0\r\ncontent-length: {len(frame)}", body=frame)
    assert status == b"200"
    head = "POST PATH HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked"
    assert _answer(printed, path=path, head=head, body=chunked)[0] == b"200"
    both = _answer(printed, path=path, head=f"{head}\r\nContent-Length: 5", body=chunked)
    assert (both[0], both[1].count(b"HTTP/1.")) == (b"400", 1)


def test_the_printed_command_lists_the_cameras_and_disables_one(printed: dict[str, str], photograph: Path) -> None:
    frame, key = photograph.read_bytes(), _key(printed, "gate-2")

    def status() -> int:
        return httpx.post(printed["Push"], content=frame, headers={"x-api-key": key}, timeout=30).status_code

    assert status() == 200
    assert {"gate-1", "gate-2"} <= set(_camera(printed, "list").split())
    _camera(printed, "disable", "gate-2")
    begun = time.monotonic()
    while (told := status()) == 200:
        assert time.monotonic() - begun < _SECONDS
        time.sleep(0.5)
    assert told == 403
    assert httpx.post(printed["Push"], content=frame, headers={"x-api-key": _key(printed, "gate-1")}).status_code == 200


def test_a_camera_that_signs_with_a_role_of_its_own(photograph: Path, tmp_path: Path) -> None:
    frame = photograph.read_bytes()
    chosen = ("--parameters", "detectorModelName=dlib_frontal_face", "apiAuthorization=CAMERA_IAM")
    with _up(tmp_path, "--region", "cn-north-1", *chosen) as printed:
        named = dict(word.split("=", 1) for word in printed["Sign"].split())
        signer = SigV4Auth(
            Credentials(named["AWS_ACCESS_KEY_ID"], named["AWS_SECRET_ACCESS_KEY"]), "execute-api", "cn-north-1"
        )

        def sent() -> httpx.Response:
            host = urlsplit(printed["Push"]).netloc
            request = AWSRequest("POST", printed["Push"], data=frame, headers={**PNG, "Host": host})
            signer.add_auth(request)
            return httpx.post(printed["Push"], content=frame, headers=dict(request.headers.items()), timeout=30)

        assert (sent().status_code, sent().json()["error"]["code"]) == (403, "Forbidden")
        _camera(printed, "add", "gate-1", "--principal", printed["Principal"])
        begun = time.monotonic()
        while (answer := sent()).status_code == 403:
            assert time.monotonic() - begun < _SECONDS
            time.sleep(0.5)
        assert answer.json()["bbox_scores"][0][0] > 0.9
        unsigned = httpx.post(printed["Push"], content=frame, headers=PNG)
        assert (unsigned.status_code, unsigned.json()["error"]["code"]) == (403, "NotSigned")
