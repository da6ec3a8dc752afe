from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from workbench.__main__ import VERBS, main
from workbench.local.http_server import HttpServer

pytestmark = pytest.mark.processes

REPOSITORY = Path(__file__).resolve().parents[2]


def _workbench(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workbench", *words], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str) -> None:
    finished = _workbench(verb, "--help")
    assert finished.returncode == 0
    assert finished.stdout.startswith("usage: workbench " + verb)


def test_a_verb_imports_no_other() -> None:
    """An image build has only the packages that fetch needs."""
    locked = (REPOSITORY / "containers/inference/requirements-fetch.txt").read_text()
    lists = "import sys; from workbench.__main__ import main; main(['fetch', 'dlib_frontal_face']); print(*sys.modules)"
    finished = subprocess.run([sys.executable, "-c", lists], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    modules = finished.stdout.split()
    assert "workbench.verbs.fetch" in modules
    files = {name for name in modules if name.startswith("workbench")}
    assert files == {
        "workbench",
        *(f"workbench.{name}" for name in ("__main__", "errors", "places")),
        *(f"workbench.{name}" for name in ("store", "store.artefacts", "verbs", "verbs.fetch")),
    }
    for absent in ("werkzeug", "boto3", "cv2", "numpy", "aws_cdk"):
        assert absent not in modules
        assert f"{absent}==" not in locked


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["fetc"], "did you mean 'fetch'"),
        (["send"], "required: frame"),
        (["send", "no-such-file.jpg"], "cannot read no-such-file.jpg"),
        (["demo", "--application", "face-detecton"], "did you mean 'face-detection'"),
        (["demo", "--application", "custom"], "the demo shows"),
        (["demo", "--frame", "nowhere.jpg"], "there is no file nowhere.jpg"),
        (["up", "--port", "many"], "'many' is not a port"),
        (["up", "--port", "99999"], "'99999' is not a port; write a number from 0 to 65535"),
        (["up", "--prot", "0"], "unknown argument '--prot', did you mean '--port'"),
        (["up", "--parameters", "applicationType=custom", "modelDataUrl=/no/such"], "there is no /no/such; give"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(words: list[str], says: str) -> None:
    finished = _workbench(*words)
    assert finished.returncode == 2
    assert says in finished.stderr
    assert finished.stderr.count("\n") == 1


def test_an_api_that_is_another(photograph: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "<html>", methods=["POST"])
    with HttpServer(app) as server:
        assert main(["send", str(photograph), "--url", server.url]) == 2
    assert "is it the URL of the API" in capsys.readouterr().err


def test_an_api_that_is_not_there(photograph: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", str(photograph), "--url", "http://127.0.0.1:9/inference"]) == 2
    assert "is 'workbench up' running" in capsys.readouterr().err
