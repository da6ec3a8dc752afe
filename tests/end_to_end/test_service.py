"""End-to-end path of a frame over HTTP: API, function, runtime, serving program, model, event store."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import cv2
import httpx
import numpy as np
import numpy.typing as npt
import pytest

from tests import table_graphs
from tests.detection_options import REFUSALS
from tests.iou import iou
from tests.tiny_models import write_classifier, write_older_layout, write_yolox_onnx

pytestmark = pytest.mark.processes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REPOSITORY = Path(__file__).resolve().parents[2]
JPEG = {"Content-Type": "image/jpeg"}


@dataclass(frozen=True)
class Service:
    """Running ``ipc-ai up``."""

    url: str
    bucket: str
    store_url: str

    @property
    def store(self) -> S3Client:
        return boto3.client(
            "s3",
            endpoint_url=self.store_url,
            region_name="us-east-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )

    def events(self) -> list[str]:
        listed = self.store.list_objects_v2(Bucket=self.bucket, Prefix="events/")
        return [item["Key"] for item in listed.get("Contents", [])]


@contextmanager
def _up(*parameters: str, store: Path) -> Iterator[Service]:
    command = [sys.executable, "-m", "workbench", "up", "--port", "0", "--store", str(store)]
    command += ["--logs", str(store / "logs"), "--parameters", *parameters]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            lines = [process.stdout.readline(), process.stdout.readline()]
            found = re.fullmatch(
                r"API (http://127\.0\.0\.1:\d+/prod/inference)\nEvents s3://(\S+) at (\S+)\n", "".join(lines)
            )
            assert found, process.stderr.read()
            yield Service(*found.groups())
        finally:
            process.send_signal(signal.SIGINT)
            stopped = process.wait(60)
            process.stderr.read()
    assert stopped == 0
    for url in (found[1], found[3]):
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)


@contextmanager
def _up_with_proof(*parameters: str, store: Path) -> Iterator[dict[str, str]]:
    """Output of ``ipc-ai up`` where callers prove who they are, each line by its first word."""
    command = [sys.executable, "-m", "workbench", "up", "--port", "0", "--store", str(store)]
    command += ["--logs", str(store / "logs"), "--parameters", *parameters]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield dict(process.stdout.readline().strip().split(maxsplit=1) for _ in range(3))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _error(answer: httpx.Response) -> dict[str, str]:
    document = answer.json()
    assert list(document) == ["error"]
    assert sorted(document["error"]) == ["code", "message", "request_id"]
    error: dict[str, str] = document["error"]
    return error


def _older_body(image: bytes) -> bytes:
    """Request body of earlier versions' clients, which send no Content-Type."""
    return json.dumps(
        {"timestamp": "1614000000.1", "request_id": 1242322, "image_base64_enc": base64.b64encode(image).decode()}
    ).encode()


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Service of face detection by the detector that an installed package ships."""
    with _up(
        "applicationType=face-detection",
        "detectorModelName=dlib_frontal_face",
        "saveRequestEvents=Yes",
        store=tmp_path_factory.mktemp("embedded"),
    ) as service:
        yield service


def _check_face(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    document: dict[str, Any] = answer.json()
    assert list(document) == ["width", "height", "channels", "bbox_scores", "bbox_coords", "bbox_labels"]
    assert document["bbox_labels"] == ["face"] * len(document["bbox_scores"])
    assert document["bbox_scores"][0][0] > 0.9
    assert iou(document["bbox_coords"][0], [176, 81, 273, 178]) > 0.8
    return document


def test_the_photograph_itself(embedded: Service, photograph: Path) -> None:
    before = embedded.events()
    headers = {"Content-Type": "image/png", "X-Camera-Id": "gate-1"}
    answer = httpx.post(embedded.url, content=photograph.read_bytes(), headers=headers, timeout=30)
    _check_face(answer)
    assert answer.headers["X-Event-Stored"] == "true"
    new = sorted(set(embedded.events()) - set(before))
    assert [key.rsplit("/", 1)[1] for key in new] == ["frame.png", "result.json"]
    assert re.match(rf"events/dt=\d{{4}}-\d\d-\d\d/camera=gate-1/{answer.headers['X-Request-Id']}/", new[0])


def test_options(embedded: Service, photograph: Path) -> None:
    frame = photograph.read_bytes()
    query = {"min_confidence": "0.5", "normalized": "true"}
    answer = httpx.post(embedded.url, content=frame, headers={"Content-Type": "image/png"}, params=query, timeout=30)
    (box,) = answer.json()["bbox_coords"]
    assert iou(box, [176 / 512, 81 / 512, 273 / 512, 178 / 512]) > 0.8
    for name, refusal in REFUSALS.items():
        wrong = httpx.post(embedded.url, content=frame, headers={"Content-Type": "image/png"}, params={name: ","})
        assert (wrong.status_code, _error(wrong)["message"]) == (400, refusal)


def test_a_query_parameter_that_there_is_not(embedded: Service, photograph: Path) -> None:
    headers = {"Content-Type": "image/png", "X-Request-Id": "frame 7"}
    wrong = httpx.post(f"{embedded.url}?min_confidance=0.5", content=photograph.read_bytes(), headers=headers)
    assert (wrong.status_code, wrong.headers["X-Client-Request-Id"]) == (400, "frame 7")
    assert "'min_confidance', did you mean 'min_confidence'?" in _error(wrong)["message"]


def test_a_frame_that_is_sent_again_is_stored_once(embedded: Service, photograph: Path) -> None:
    before = embedded.events()
    frame = photograph.read_bytes()
    headers = {"Content-Type": "image/png", "X-Camera-Id": "UTF-8''%E9%97%A8%E5%8F%A3"}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first, again = (httpx.post(embedded.url, content=frame, headers=headers | key, timeout=30) for _ in range(2))
    assert again.json() == _check_face(first)
    assert again.headers["X-Original-Request-Id"] == first.headers["X-Request-Id"]
    results = [name for name in set(embedded.events()) - set(before) if name.endswith("result.json")]
    assert len(results) == 1
    assert f"/{first.headers['X-Request-Id']}/" in results[0]
    other = httpx.post(embedded.url, content=frame + b"\0", headers=headers | key, timeout=30)
    assert (other.status_code, _error(other)["code"]) == (422, "IdempotencyKeyReused")


def test_what_existing_clients_post(embedded: Service, photograph: Path) -> None:
    with httpx.Client(timeout=30) as client:
        request = client.build_request("POST", embedded.url, content=_older_body(photograph.read_bytes()))
        assert "content-type" not in request.headers
        _check_face(client.send(request))


def test_several_frames_in_one_request(embedded: Service, photograph: Path) -> None:
    before = embedded.events()
    encoded = base64.b64encode(photograph.read_bytes()).decode()
    document = {"images_base64_enc": [encoded, encoded], "max_results": 1, "camera_id": "gate-2"}
    answer = httpx.post(embedded.url, content=json.dumps(document).encode(), timeout=30)
    assert answer.status_code == 200, answer.text
    first, second = answer.json()["results"]
    assert first == second
    assert iou(first["bbox_coords"][0], [176, 81, 273, 178]) > 0.8
    new = sorted(set(embedded.events()) - set(before))
    assert [key.rsplit("/", 1)[1] for key in new] == ["frame-0.png", "frame-1.png", "result.json"]
    broken = json.dumps({"images_base64_enc": [encoded, encoded[:4000]]}).encode()
    refused = httpx.post(embedded.url, content=broken, timeout=30)
    assert refused.status_code == 400
    assert _error(refused)["message"].startswith("frame 1, counted from 0: the PNG is truncated")


def test_frames_that_lie_in_s3(embedded: Service, photograph: Path) -> None:
    embedded.store.create_bucket(Bucket="camera-frames")
    frame = cv2.imread(str(photograph))
    assert frame is not None
    embedded.store.put_object(Bucket="camera-frames", Key="gate 1/前门.png", Body=photograph.read_bytes())
    embedded.store.put_object(Bucket=embedded.bucket, Key="b.jpg", Body=cv2.imencode(".jpg", frame)[1].tobytes())
    embedded.store.put_object(Bucket="camera-frames", Key="text", Body=b"hello")
    uris = ["s3://camera-frames/gate 1/前门.png", f"s3://{embedded.bucket}/b.jpg"]

    def post(**document: Any) -> httpx.Response:
        return httpx.post(embedded.url, content=json.dumps(document).encode(), timeout=30)

    before = embedded.events()
    _check_face(post(images=uris[:1]))
    clip = post(images=uris, clip=True, max_results=1)
    assert [iou(found["bbox_coords"][0], [176, 81, 273, 178]) > 0.8 for found in clip.json()["results"]] == [True, True]
    new = sorted(set(embedded.events()) - set(before))
    assert [key.rsplit("/", 1)[1] for key in new] == ["result.json", "result.json"]
    stored = [json.loads(embedded.store.get_object(Bucket=embedded.bucket, Key=key)["Body"].read()) for key in new]
    assert sorted(event["images"] for event in stored) == [uris[:1], uris]
    for document, status, code in (
        ({"images": [uris[0], "s3://camera-frames/missing"]}, 404, "ObjectNotFound"),
        ({"images": ["s3://nobodys-bucket/a"]}, 404, "ObjectNotFound"),
        ({"images": ["s3://camera-frames/text"]}, 400, "InvalidImage"),
        ({"images": ["https://camera-frames/a"]}, 400, "InvalidRequest"),
        ({"images": uris, "image_base64_enc": "AAAA"}, 400, "InvalidRequest"),
    ):
        refused = post(**document)
        assert (refused.status_code, _error(refused)["code"]) == (status, code), refused.text
    assert "s3://camera-frames/missing is not there" in _error(post(images=["s3://camera-frames/missing"]))["message"]


def _broken_requests(photograph: bytes) -> dict[str, tuple[bytes, dict[str, str], int]]:
    jpeg = cv2.imencode(".jpg", np.zeros((200, 200, 3), np.uint8))[1].tobytes()
    return {
        "truncated JPEG": (jpeg[: len(jpeg) // 2], JPEG, 400),
        "truncated JPEG in JSON": (_older_body(jpeg[: len(jpeg) // 2]), {}, 400),
        "truncated PNG": (photograph[:5000], {"Content-Type": "image/png"}, 400),
        "empty body": (b"", {}, 400),
        "empty JPEG": (b"", JPEG, 400),
        "text": (b"hello there", {}, 400),
        "text as such": (b"hello there", {"Content-Type": "text/plain"}, 415),
        "text as JPEG": (b"hello there", JPEG, 400),
        "no key": (b"{}", {}, 400),
        "bad base64": (b'{"image_base64_enc": "****"}', {}, 400),
        "frame of one pixel": (cv2.imencode(".png", np.zeros((1, 1, 3), np.uint8))[1].tobytes(), JPEG, 400),
        "over the function's limit": (jpeg + bytes(5 * 1024 * 1024), JPEG, 413),
        "over the API's limit": (bytes(11 * 1024 * 1024), JPEG, 413),
    }


def test_broken_requests_get_a_clear_4xx_and_the_next_frame_works(embedded: Service, photograph: Path) -> None:
    good = photograph.read_bytes()
    for name, (body, headers, status) in _broken_requests(good).items():
        answer = httpx.post(embedded.url, content=body, headers=headers, timeout=30)
        assert answer.status_code == status, f"{name}: {answer.status_code} {answer.text}"
        assert len(_error(answer)["message"]) > 10, name
    _check_face(httpx.post(embedded.url, content=good, headers={"Content-Type": "image/png"}, timeout=30))


def test_a_photograph_is_found_by_its_bytes(embedded: Service, photograph: Path) -> None:
    for headers in ({}, {"Content-Type": "application/x-www-form-urlencoded"}):
        _check_face(httpx.post(embedded.url, content=photograph.read_bytes(), headers=headers, timeout=30))
    _check_face(httpx.post(embedded.url, files={"a": ("a.bin", photograph.read_bytes())}, timeout=30))


def test_unknown_paths_and_methods(embedded: Service) -> None:
    base = embedded.url.removesuffix("/inference")
    at_the_root, at_the_stage = (
        httpx.post(url, content=b"{}") for url in (embedded.url.replace("/prod", ""), embedded.url)
    )
    assert (at_the_root.status_code, _error(at_the_root)["message"]) == (400, _error(at_the_stage)["message"])
    assert embedded.url in httpx.get(base.removesuffix("/prod")).text
    assert _error(httpx.post(f"{base}/nothing", content=b"{}"))["code"] == "NotFound"
    for method, path in (("POST", "/nothing"), ("GET", "/inference"), ("POST", "/")):
        assert httpx.request(method, base + path).status_code == 404


def test_a_browser_may_ask_first(embedded: Service) -> None:
    answer = httpx.options(embedded.url, headers={"Origin": "https://console", "Access-Control-Request-Method": "POST"})
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "X-Camera-Id" in answer.headers["Access-Control-Allow-Headers"]


def test_the_camera_of_the_workbench(embedded: Service, photograph: Path, tmp_path: Path) -> None:
    picture = tmp_path / "annotated.png"
    command = [sys.executable, "-m", "workbench", "send", str(photograph), "--url", embedded.url]
    for form in ([], ["--older-format"]):
        sent = subprocess.run(
            [*command, *form, "--json", "--annotate", str(picture)], cwd=REPOSITORY, capture_output=True, check=True
        )
        assert json.loads(sent.stdout)["bbox_scores"][0][0] > 0.9
        drawn, frame = cv2.imread(str(picture)), cv2.imread(str(photograph))
        assert drawn is not None
        assert frame is not None
        changed = np.argwhere((drawn != frame).any(axis=2))
        assert changed.min() > 50  # a box around the face and its score, nothing at the frame's edges
        picture.unlink()
    table = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert "1 found in a frame of 512 x 512 pixels" in table.stdout


def test_face_comparison_the_whole_way(photograph: Path, tmp_path: Path) -> None:
    pair = "faceDetectAndCompareModelName=dlib_frontal_face+dlib_face_embedding"
    with _up("applicationType=face-comparison", pair, "saveRequestEvents=Yes", store=tmp_path) as service:
        command = [sys.executable, "-m", "workbench", "send", str(photograph), "--url", service.url]
        command += ["--target", str(photograph)]
        sent = subprocess.run([*command, "--json"], cwd=REPOSITORY, capture_output=True, check=True)
        answer = json.loads(sent.stdout)
        assert list(answer) == ["SourceImageFace", "FaceMatches"]
        assert answer["FaceMatches"][0]["Similarity"] > 0.99
        table = subprocess.run([*command, str(photograph)], cwd=REPOSITORY, capture_output=True, text=True, check=True)
        assert table.stdout.count("astronaut.png: alike to the source's face") == 2
        assert _error(httpx.post(service.url, content=b"{}"))["message"].startswith("the key 'source_image' is missing")
        names = [key.rsplit("/", 1)[1] for key in service.events()]
    assert sorted(set(names)) == ["result.json", "source.png", "target-0.png", "target-1.png", "target.png"]


@pytest.mark.parametrize("engine", ["onnxruntime", "mxnet"])
def test_the_other_engines(engine: str, tmp_path: Path, red_square_frame: npt.NDArray[np.uint8]) -> None:
    if engine == "onnxruntime":
        write_yolox_onnx(tmp_path / "yolox_nano" / "yolox_nano.onnx")
    else:
        write_older_layout(tmp_path / "yolox_nano", "body_detector_yolox_nano")
    body = cv2.imencode(".png", red_square_frame)[1].tobytes()
    with _up("applicationType=body-detection", "detectorModelName=yolox_nano", store=tmp_path) as service:
        for _ in range(3):
            answer = httpx.post(service.url, content=body, headers={"Content-Type": "image/png"}, timeout=30)
            assert answer.status_code == 200, answer.text
            x_min, y_min, x_max, y_max = answer.json()["bbox_coords"][0]
            assert 128 <= (x_min + x_max) / 2 <= 192
            assert 224 <= (y_min + y_max) / 2 <= 288
        assert "X-Event-Stored" not in answer.headers
        assert service.events() == []


def test_a_users_own_application_the_whole_way(photograph: Path, tmp_path: Path) -> None:
    """Image model for application/x-image with a package of its own, in the layout of SageMaker's containers."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "pyproject.toml").write_text("[project]\nname = 'users-own'\nversion = '1'")
    (tmp_path / "package" / "users_own.py").write_text("GREETING = 'hello'")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "requirements.txt").write_text(str(tmp_path / "package"))
    (tmp_path / "code" / "inference.py").write_text(
        "import cv2, json, numpy as np, users_own\n"
        "def model_fn(model_dir): return open(f'{model_dir}/weights.txt').read()\n"
        "def input_fn(body, content_type): return cv2.imdecode(np.frombuffer(body, np.uint8), 1), content_type\n"
        "def predict_fn(data, model): return [users_own.GREETING, model, data[0].shape[:2], data[1]]\n"
        "def output_fn(prediction, accept):\n"
        "    return (b'\\xff\\x00', accept) if accept == 'application/x-npy' else json.dumps(prediction)\n"
    )
    (tmp_path / "weights.txt").write_text("weights")
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        for name in ("code", "weights.txt"):
            packed.add(tmp_path / name, name)
    choices = ("applicationType=custom", f"modelDataUrl={archive}", "saveRequestEvents=Yes")
    with _up(*choices, store=tmp_path) as service:
        headers = {"Content-Type": "application/x-image"}
        answer = httpx.post(service.url, content=photograph.read_bytes(), headers=headers, timeout=30)
        assert answer.json() == ["hello", "weights", [512, 512], "application/x-image"]
        assert sorted(key.rsplit("/", 1)[1] for key in service.events()) == ["frame.png", "result.json"]
        for accept in ("application/x-npy", "text/x-other, application/x-npy"):
            answer = httpx.post(
                service.url, content=photograph.read_bytes(), headers=headers | {"Accept": accept}, timeout=30
            )
            assert (answer.content, answer.headers["Content-Type"]) == (b"\xff\x00", "application/x-npy")
        assert any(key.endswith("/answer") for key in service.events())
        broken = httpx.post(service.url, content=b"[1]", timeout=30)
        assert (broken.status_code, _error(broken)["code"]) == (502, "ModelFailed")


def test_a_model_of_tables_the_whole_way(tmp_path: Path) -> None:
    """Rows as JSON and CSV through the API, whose event has the body and the answer."""
    table_graphs.write_columns(tmp_path / "fraud.onnx")
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(tmp_path / "fraud.onnx", "fraud.onnx")
    choices = ("applicationType=custom", f"modelDataUrl={archive}", "saveRequestEvents=Yes")
    row = {"age": 61, "income": None, "city": "Oslo", "is_member": True}
    with _up(*choices, store=tmp_path) as service:
        answer = httpx.post(service.url, json=row, timeout=30)
        assert answer.json() == {"output_label": ["yes"], "output_probability": [{"no": 0.25, "yes": 0.75}]}
        assert sorted(key.rsplit("/", 1)[1] for key in service.events()) == ["frame.json", "result.json"]
        csv = {"Content-Type": "text/csv", "Accept": "text/csv"}
        rows = "city,is_member,age,income\nOslo,true,61,1\nRome,false,9,\n"
        answer = httpx.post(service.url, content=rows, headers=csv, timeout=30)
        assert (answer.text, answer.headers["Content-Type"]) == ("yes,0.25,0.75\nno,1.0,0.0\n", "text/csv")
        answer = httpx.post(service.url, content="1,2,Oslo\n", headers=csv, timeout=30)
        error = _error(answer)
        assert (answer.status_code, error["code"]) == (400, "InvalidRequest")
        assert error["message"].startswith("row 0, counted from 0, has 3 columns, and the model takes 4: 'age', 'inc")


def test_real_weights_the_whole_way(testdata: Path, tmp_path: Path) -> None:
    fetch = [sys.executable, "-m", "workbench", "fetch", "yolox_nano", "--from", str(testdata / "models")]
    subprocess.run([*fetch, "--store", str(tmp_path)], cwd=REPOSITORY, check=True, capture_output=True)
    frame = (testdata / "images" / "reference" / "test_1280x1920x3.jpg").read_bytes()
    with _up("applicationType=body-detection", "detectorModelName=yolox_nano", store=tmp_path) as service:
        answer = httpx.post(service.url, content=frame, headers=JPEG, timeout=30).json()
        older = httpx.post(service.url, content=_older_body(frame), timeout=30).json()
    assert answer == older
    assert sum(score > 0.3 for (score,) in answer["bbox_scores"]) == 4


def test_what_is_not_even_http_gets_the_error_shape(embedded: Service) -> None:
    host, port = embedded.url.removeprefix("http://").removesuffix("/prod/inference").split(":")
    for request in (
        b"POST /prod/inference HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"PROPFIND /prod/inference HTTP/1.1\r\nHost: x\r\n\r\n",
    ):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.split()[1].startswith(b"4"), answer
        assert sorted(json.loads(body)["error"]) == ["code", "message", "request_id"]


def test_an_api_that_asks_for_its_key(photograph: Path, tmp_path: Path) -> None:
    body, headers = photograph.read_bytes(), {"Content-Type": "image/png"}
    chosen = ("detectorModelName=dlib_frontal_face", "apiAuthorization=API_KEY")
    with _up_with_proof(*chosen, store=tmp_path) as printed:
        url, key = printed["API"], printed["Key"]
        for sent in ({}, {"x-api-key": "wrong"}):
            refused = httpx.post(url, content=body, headers=headers | sent, timeout=30)
            assert (refused.status_code, _error(refused)["code"]) == (403, "InvalidApiKey")
        _check_face(httpx.post(url, content=body, headers=headers | {"x-api-key": key}, timeout=30))
        assert httpx.options(url).status_code == 204
        command = [sys.executable, "-m", "workbench", "send", str(photograph), "--url", url, "--json"]
        without = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
        assert (without.returncode, "InvalidApiKey" in without.stderr) == (2, True)
        with_key = subprocess.run([*command, "--api-key", key], cwd=REPOSITORY, capture_output=True, check=True)
        assert json.loads(with_key.stdout)["bbox_scores"][0][0] > 0.9


def test_an_api_that_asks_for_signatures(photograph: Path, tmp_path: Path) -> None:
    chosen = ("detectorModelName=dlib_frontal_face", "apiAuthorization=AWS_IAM")
    with _up_with_proof(*chosen, store=tmp_path) as printed:
        refused = httpx.post(printed["API"], content=b"x", headers=JPEG)
        assert (refused.status_code, _error(refused)["code"]) == (403, "NotSigned")
        command = [sys.executable, "-m", "workbench", "send", str(photograph), "--url", printed["API"], "--json"]
        command += ["--sign"]
        credentials = dict(word.split("=", 1) for word in printed["Sign"].split())
        signed = subprocess.run(command, cwd=REPOSITORY, env=os.environ | credentials, capture_output=True, check=True)
        assert json.loads(signed.stdout)["bbox_scores"][0][0] > 0.9
        wrong = os.environ | credentials | {"AWS_SECRET_ACCESS_KEY": "x"}
        sent = subprocess.run(command, cwd=REPOSITORY, env=wrong, capture_output=True, text=True, check=False)
        assert (sent.returncode, "INVALID_SIGNATURE" in sent.stderr) == (2, True)


def test_a_detector_of_several_classes_answers_those_asked_for_by_name(
    red_square_frame: npt.NDArray[np.uint8], tmp_path: Path
) -> None:
    """The tiny network finds people alone, the first class of COCO."""
    write_yolox_onnx(tmp_path / "yolox_nano" / "yolox_nano.onnx")
    frame = cv2.imencode(".png", red_square_frame)[1].tobytes()
    encoded = base64.b64encode(frame).decode()
    with _up("applicationType=object-detection", "detectorModelName=yolox_nano", store=tmp_path) as service:

        def sent(classes: str) -> httpx.Response:
            headers = {"Content-Type": "image/png"}
            return httpx.post(service.url, content=frame, headers=headers, params={"classes": classes}, timeout=30)

        everything = httpx.post(service.url, content=frame, headers={"Content-Type": "image/png"}, timeout=30).json()
        assert set(everything["bbox_labels"]) == {"person"}
        assert sent("Person, traffic light").json() == everything
        assert sent("car").json()["bbox_scores"] == []
        for document in (
            {"image_base64_enc": encoded, "classes": ["person"] * 100},  # too long for a content type
            {"image_base64_enc": encoded, "classes": "person"},
        ):
            assert httpx.post(service.url, json=document, timeout=30).json() == everything
        several = httpx.post(service.url, json={"images_base64_enc": [encoded], "classes": ["car"]}, timeout=30)
        assert several.json()["results"][0]["bbox_labels"] == []
        wrong = sent("persn")
        assert (wrong.status_code, _error(wrong)["code"]) == (400, "InvalidRequest")
        assert "did you mean 'person'?" in _error(wrong)["message"]


def test_a_classifier_of_ones_own(tmp_path: Path) -> None:
    write_classifier(tmp_path / "colours")
    red = cv2.imencode(".png", np.full((80, 120, 3), (0, 0, 255), np.uint8))[1].tobytes()
    with _up(
        "applicationType=image-classification",
        "detectorModelName=colours",
        f"modelDataUrl={tmp_path / 'colours'}",
        "saveRequestEvents=Yes",
        store=tmp_path,
    ) as service:
        headers = {"Content-Type": "image/png"}
        answer = httpx.post(service.url, content=red, headers=headers, params={"classes": "red,blue"}, timeout=30)
        assert (answer.json()["width"], answer.json()["labels"]) == (120, ["red", "blue"])
        (key,) = (key for key in service.events() if key.endswith("result.json"))
        event = json.loads(service.store.get_object(Bucket=service.bucket, Key=key)["Body"].read())
        assert event["result"] == answer.json()
        wrong = httpx.post(service.url, content=red, headers=headers, params={"classes": "gren"}, timeout=30)
        assert "did you mean 'green'?" in _error(wrong)["message"]
