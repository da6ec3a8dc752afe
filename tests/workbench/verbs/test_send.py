"""``ipc-ai send`` shows any answer of an application."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask, Response, request

from inference_api.proxy import Request
from workbench.__main__ import main
from workbench.local.servers.http_server import HttpServer

pytestmark = pytest.mark.processes


def _send(*words: str, answer: bytes, media_type: str) -> tuple[int, dict[str, str]]:
    """Runs ``send`` against an API with the given answer; returns the exit code and the received headers."""
    app = Flask(__name__)
    headers: dict[str, str] = {}

    @app.post("/")
    def infer() -> Response:
        headers.update(request.headers)
        return Response(answer, content_type=media_type, headers={"X-Request-Id": "7"})

    with HttpServer(app) as server:
        return main(["send", *words, "--url", server.url]), headers


@pytest.mark.parametrize("document", [{"colour": "grün", "mean": [1.5]}, [0, 2], "text", None, {"bbox_scores": [1]}])
def test_json_of_another_application(photograph: Path, capsys: pytest.CaptureFixture[str], document: object) -> None:
    raw = json.dumps(document)
    assert _send(str(photograph), answer=raw.encode(), media_type="application/json")[0] == 0
    shown = capsys.readouterr().out
    assert json.loads(shown.rpartition("request 7, answered in")[0]) == document
    assert _send(str(photograph), "--json", answer=raw.encode(), media_type="application/json")[0] == 0
    assert capsys.readouterr().out == f"{raw}\n"


def test_json_is_indented(photograph: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _send(str(photograph), answer=b'{"colour": "gr\xc3\xbcn"}', media_type="application/json; charset=utf-8")
    assert capsys.readouterr().out.startswith('{\n  "colour": "grün"\n}\n')


def test_text(photograph: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _send(str(photograph), answer=b"1,2\n", media_type="text/csv; charset=utf-8")[0] == 0
    assert capsys.readouterr().out.startswith("1,2\n")


def test_bytes_go_into_a_file_and_nowhere_else(
    photograph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "new" / "answer.npy"
    given = {"answer": b"\x93NUMPY\x00", "media_type": "application/x-npy"}
    assert _send(str(photograph), **given)[0] == 2  # type: ignore[arg-type]
    assert "7 bytes of application/x-npy; name a file for it with --output" in capsys.readouterr().err
    accept = ("--accept", "application/x-npy")
    code, headers = _send(str(photograph), *accept, "--output", str(target), **given)  # type: ignore[arg-type]
    assert code == 0
    assert headers["Accept"] == "application/x-npy"
    assert target.read_bytes() == given["answer"]


@pytest.mark.parametrize(
    ("name", "media_type"), [("rows.csv", "text/csv"), ("rows.json", "application/json"), ("f.jpeg", "image/jpeg")]
)
def test_the_type_follows_the_files_name(tmp_path: Path, name: str, media_type: str) -> None:
    (tmp_path / name).write_bytes(b"[1]")
    _, headers = _send(str(tmp_path / name), answer=b"1", media_type="application/json")
    assert headers["Content-Type"] == media_type


def test_classes_are_asked_for_in_the_url(photograph: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = Flask(__name__)
    asked: list[str] = []

    @app.post("/")
    def infer() -> Response:
        asked.append(request.args["classes"])
        answer = {"width": 512, "height": 512, "labels": ["tabby"], "scores": [0.25]}
        return Response(json.dumps(answer), content_type="application/json", headers={"X-Request-Id": "7"})

    with HttpServer(app) as server:
        for form in ([], ["--older-format"]):
            assert main(["send", str(photograph), "--classes", "traffic light,行人", *form, "--url", server.url]) == 0
        compared = ["send", str(photograph), "--target", str(photograph), "--classes", "person", "--url", server.url]
        assert main(compared) == 2
    assert asked == ["traffic light,行人"] * 2
    printed = capsys.readouterr()
    assert "tabby" in printed.out
    assert "a comparison has no classes" in printed.err


def test_no_boxes_to_draw(photograph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = (str(photograph), "--annotate", str(tmp_path / "drawn.png"))
    assert _send(*words, answer=b"{}", media_type="application/json")[0] == 2
    assert "the answer has no boxes to draw" in capsys.readouterr().err


def test_a_pending_answer_is_followed(photograph: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = Flask(__name__)
    asked: list[tuple[str, str | None]] = []

    def pending() -> Response:
        headers = {"X-Request-Id": "7", "Location": "/prod/inference/7", "Retry-After": "5"}
        return Response('{"request_id": "7", "status": "pending"}', 202, headers, content_type="application/json")

    @app.post("/prod/inference")
    def infer() -> Response:
        return pending()

    @app.get("/prod/inference/7")
    def collect() -> Response:
        asked.append((request.path, request.headers.get("X-Api-Key")))
        if len(asked) == 1:
            return pending()
        return Response('{"found": 1}', headers={"X-Request-Id": "8"}, content_type="application/json")

    with HttpServer(app) as server:
        url = f"{server.url}/prod/inference"
        assert main(["send", str(photograph), "--json", "--api-key", "secret", "--url", url]) == 0
    assert capsys.readouterr().out == '{"found": 1}\n'
    assert asked == [("/prod/inference/7", "secret")] * 2


def test_a_pending_answer_that_fails_is_told(photograph: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = Flask(__name__)

    @app.post("/inference")
    def infer() -> Response:
        return Response("{}", 202, {"X-Request-Id": "7", "Location": "/inference/7"})

    @app.get("/inference/7")
    def collect() -> Response:
        return Response('{"error": {"code": "InvalidImage"}}', 400)

    with HttpServer(app) as server:
        assert main(["send", str(photograph), "--url", f"{server.url}/inference"]) == 2
    assert "answered 400" in capsys.readouterr().err


@pytest.mark.parametrize(
    "camera", ["门口", "Grüße №5", "ворота 1", "カメラ", "🎥", " spaced ", "a\nb", "UTF-8''%41", "100%"]
)
def test_a_camera_of_any_name(photograph: Path, camera: str) -> None:
    code, headers = _send(str(photograph), "--camera", camera, answer=b"{}", media_type="application/json")
    assert code == 0
    assert headers["X-Camera-Id"].isascii()
    assert Request({"headers": {"x-camera-id": headers["X-Camera-Id"]}}, "").word("x-camera-id") == camera


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (403, "InvalidApiKey", "; name the key with --api-key or in IPC_API_KEY, or sign the request with --sign"),
        (403, "ACCESS_DENIED", "; name the key with --api-key or in IPC_API_KEY, or sign the request with --sign"),
        (403, "NotSigned", "; sign the request with --sign"),
        (403, "ObjectDenied", "}"),
        (503, "ServiceUnavailable", "}"),
    ],
)
def test_a_refused_caller_hears_how_to_name_the_proof(
    photograph: Path, capsys: pytest.CaptureFixture[str], status: int, code: str, says: str
) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: ({"error": {"code": code}}, status), methods=["POST"])
    with HttpServer(app) as server:
        assert main(["send", str(photograph), "--url", server.url]) == 2
    assert capsys.readouterr().err.rstrip().endswith(says)


def test_names_of_files_are_no_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = tmp_path / "[red]gate.jpg"
    frame.write_bytes(b"jpeg")
    answer = json.dumps({"SourceImageFace": {"Confidence": 1}, "FaceMatches": []}).encode()
    words = (str(frame), "--target", str(frame))
    assert _send(*words, answer=answer, media_type="application/json")[0] == 0
    assert "[red]gate.jpg: alike" in capsys.readouterr().out
    assert _send(*words, "--output", str(tmp_path / "[/x]"), answer=answer, media_type="application/json")[0] == 0
    assert "[/x]" in capsys.readouterr().out


def test_an_api_without_the_stage_in_its_url_hears_of_the_path(
    photograph: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = Flask(__name__)
    outside = {"message": "Missing Authentication Token"}
    app.add_url_rule("/<path:_>", view_func=lambda _: (outside, 403), methods=["POST"])
    with HttpServer(app) as server:
        assert main(["send", str(photograph), "--url", f"{server.url}/inference"]) == 2
    said = capsys.readouterr().err
    assert said.rstrip().endswith(f"; is the path right? Write all of the URL, such as {server.url}/prod/inference")
    assert "--api-key" not in said
    assert said.count("\n") == 1


def test_a_signed_request_that_counts_as_not_signed_went_to_another_path(
    photograph: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: ({"error": {"code": "NotSigned"}}, 403), methods=["POST"])
    with HttpServer(app) as server:
        assert main(["send", str(photograph), "--sign", "--url", server.url]) == 2
    assert f"such as {server.url}/prod/inference" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "name", "says"),
    [
        ("--annotate", "drawn.xyz", "name a file that ends in .png or .jpg"),
        ("--annotate", "drawn", "name a file that ends in .png or .jpg"),
        ("--annotate", "file/drawn.png", "drawn.png: File exists; name another file"),
        ("--annotate", "folder.png", "folder.png: Is a directory; name another file"),
        ("--output", "file/answer.json", "answer.json: File exists; name another file"),
        ("--output", "folder.png", "folder.png: Is a directory; name another file"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_the_frame_is_sent(
    photograph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, name: str, says: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.png").mkdir()
    code, headers = _send(str(photograph), option, str(tmp_path / name), answer=b"{}", media_type="application/json")
    said = capsys.readouterr().err
    assert (code, headers) == (2, {})
    assert says in said
    assert said.count("\n") == 1
