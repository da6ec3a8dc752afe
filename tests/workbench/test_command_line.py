from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from workbench import places
from workbench.__main__ import VERBS, main
from workbench.errors import WorkbenchError
from workbench.local.servers.http_server import HttpServer
from workbench.verbs import deploy

pytestmark = pytest.mark.processes

REPOSITORY = Path(__file__).resolve().parents[2]


def _workbench(*words: str, folder: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workbench", *words], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str) -> None:
    finished = _workbench(verb, "--help")
    assert finished.returncode == 0
    assert finished.stdout.startswith("usage: ipc-ai " + verb)


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
        *(f"workbench.{name}" for name in ("__main__", "errors", "places", "typed")),
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
        (["send", "README.md", "--accept", "é"], "'é' is no content type; write for example --accept"),
        (["fetch", "yolox_nano", "--store", "README.md"], "README.md cannot be a folder of models: File exists; name"),
        (["deploy", "yolox_nan", "--dry-run"], "no path and no model 'yolox_nan', did you mean 'yolox_nano'"),
        (["deploy", "yolo3_darknet53_coco"], "serves face-detection and body-detection; say which with --application"),
        (["demo", "--application", "face-detecton"], "did you mean 'face-detection'"),
        (["demo", "--application", "custom"], "the demo shows"),
        (["demo", "--frame", "nowhere.jpg"], "there is no file nowhere.jpg"),
        (["demo", "--output", "/proc/x"], "cannot write into /proc/x: No such file or directory; name another folder"),
        (["demo", "--output", "README.md"], "cannot write into README.md: File exists; name another folder"),
        (["up", "--port", "many"], "'many' is not a port"),
        (["up", "--port", "99999"], "'99999' is not a port; write a number from 0 to 65535"),
        (["--versio"], "ipc-ai: unknown argument '--versio', did you mean '--version'"),
        (["--nothing"], "ipc-ai: unknown argument '--nothing'"),
        (["send", "no-such-file.jpg"], "ipc-ai send: "),
        (["send", "a.jpg", "--max-resluts", "1"], "unknown argument '--max-resluts'; options: --help"),
        (["up", "--engine", "x"], "unknown argument '--engine'; options: --help"),
        (["send", "a.jpg", "--mni-score", "1"], "unknown argument '--mni-score', did you mean '--min-score'"),
        (["up", "--params", "x"], "unknown argument '--params', did you mean '--parameters'"),
        (["up", "--prot", "0"], "unknown argument '--prot', did you mean '--port'"),
        (["up", "--parameters", "applicationType=custom", "modelDataUrl=/no/such"], "there is no /no/such; give"),
        (
            ["package", "net", "--framework", "onx"],
            "unknown value 'onx', did you mean 'onnx'?; it takes one of: pytorch",
        ),
        (["package", "net", "--image", "dcl"], "argument --image: unknown value 'dcl', did you mean 'dlc'"),
        (["package", ""], "argument path: the value is empty; give one, or leave it out"),
        (["plan", "--model", ""], "argument --model: the value is empty; give one, or leave it out"),
        (["plan", "--seed", "-1"], "argument --seed: '-1' is not a whole number of 0 or more"),
        (["plan", "--throughput", "5", "--output", "x.docx"], "--output is x.docx; name a file that ends in .png"),
        (["plan", "--cameras", "abc"], "argument --cameras: 'abc' is not a whole number"),
        (["plan", "--cameras", "1.5"], "argument --cameras: '1.5' is not a whole number"),
        (["plan", "--cameras", "9" * 5000], f"argument --cameras: '{'9' * 100}' is not a whole number;"),
        (["plan", "--seed", "9" * 5000], f"argument --seed: '{'9' * 100}' is not a whole number of 0 or more"),
        (["plan", "--retention-days", "x"], "argument --retention-days: 'x' is not a whole number"),
        (["plan", "--measure", "--clients", "four"], "argument --clients: 'four' is not a whole number"),
        (["up", "--port", "9" * 5000], "is not a port; write a number from 0 to 65535"),
        (["export", "yolox_nano", "--seed", "²"], "'²' is not a seed; write a whole number"),
        (["speed", "--rounds", "9" * 5000], "is no number of rounds; write 1 or more"),
        (
            ["deploy", "--context", "models=a", "models=b"],
            "models=a and models=b say two things; leave one of them out",
        ),
        (
            ["up", "--parameters", "apiRateLimit=1", "apiRateLimit=2"],
            "apiRateLimit=1 and apiRateLimit=2 say two things",
        ),
        (["up", "--parameters", "a=1", "--parameters", "a=2"], "a=1 and a=2 say two things; leave one of them out"),
        (["permissions", "--json", "--markdown"], "argument --markdown: not allowed with argument --json"),
        (["deploy", "--profile", "no-such-profile"], "there is no AWS profile 'no-such-profile'"),
        (["image", "build", "--models", "yolox_nan"], "--models: unknown model 'yolox_nan', did you mean 'yolox_nano'"),
        (["compile", "yolox_nano", "--role", "x"], "--role is for --target neo; leave it out, or compile for that"),
        (["compile", "yolox_nano", "--target", "neo", "--int8"], "--int8 is for --target onnxruntime; leave it out"),
        (["up", "--inference", "a.py"], "--inference is for a model of your own, which is packed; name its path"),
        (["up", "yolox_nano", "--framework", "onnx"], "--framework is for a model of your own, which is packed"),
        (["image", "push", "--dry-run", "net:1"], "unknown argument 'net:1'; write one IMAGE, before the options"),
        (["deploy", "a", "b"], "unknown argument 'b'; write one PATH_OR_MODEL, before the options"),
        (["fetch", "a", "b"], "unknown argument 'b'; try --help"),
        (["benchmark", "dlib_frontal_face+", "--frame", "a.jpg"], "'dlib_frontal_face+' lacks a name; write MODEL"),
        (["benchmark", "@embedded", "--frame", "a.jpg"], "'@embedded' lacks a name; write MODEL, MODEL@ENGINE or"),
        (["plan", "--model", "+x"], "'+x' lacks a name; write MODEL"),
        (["speed", "--only", ","], "',' lacks a name; write groups with commas between"),
        (["up", "--store="], "argument --store: the value is empty"),
        (["image", "biuld"], "argument action: unknown value 'biuld', did you mean 'build'"),
        (["image", "build", "--processor", "gpo"], "did you mean 'gpu'"),
        (["image", "build", "--engine", "dockr"], "did you mean 'docker'"),
        (["deploy", "--require-approval", "nevr"], "did you mean 'never'"),
        (["deploy", "--context", "modles=yolox_nano"], "unknown context 'modles', did you mean 'models'"),
        (["destroy", "--context", "deleteEvent=true"], "unknown context 'deleteEvent', did you mean 'deleteEvents'"),
        (["deploy", "--context", "models=yolox_nan"], "models: unknown model 'yolox_nan', did you mean 'yolox_nano'"),
        (["deploy", "--stack", "my_shop"], "stackName cannot be 'my_shop'; it takes a letter"),
        (["up", "--parameters", "eventsTable=No", "yolox_nan"], "no path and no model 'yolox_nan'"),
        (["up", "yunet_n+mobilface_v2"], "whose half 'mobilface_v2' is unknown, did you mean 'mobileface_v2'"),
        (
            ["fetch", "yolox_nano", "--from", ".", "--store", "README.md"],
            "ipc-ai fetch: README.md cannot be a folder of models: File exists; name",
        ),
        (["package", "yunet_n+mobilface_v2"], "no path and no model 'mobilface_v2', did you mean 'mobileface_v2'"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(words: list[str], says: str) -> None:
    finished = _workbench(*words)
    assert finished.returncode == 2
    assert says in finished.stderr
    assert finished.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--version"],
        ["plan", "--help"],
        ["plan", "--model", "yolox_nano"],
        ["plan", "--json"],
        ["fetch", "dlib_frontal_face"],
    ],
)
def test_a_reader_that_has_enough_ends_the_command_quietly(words: list[str]) -> None:
    """As ``ipc-ai VERB | head`` does: the exit code is that of a program that SIGPIPE ended."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        command = [sys.executable, "-m", "workbench", *words]
        finished = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, text=True, check=False)
    assert (finished.returncode, finished.stderr) == (141, "")


@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("words", [["--version"], ["plan", "--help"], ["fetch", "dlib_frontal_face"]])
def test_closed_streams_are_no_error(closed: str, words: list[str]) -> None:
    command = ["sh", "-c", f'"$@" {closed}', "sh", sys.executable, "-m", "workbench", *words]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stderr) == (0, "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [["--version"], ["--help"], ["fetch", "-h"]])
def test_a_full_disk_is_one_line(words: list[str], unbuffered: str) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "workbench", *words]
        finished = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=environment, text=True, check=False)
    assert finished.returncode == 2
    assert finished.stderr == "ipc-ai: cannot write: No space left on device; make room\n"


@pytest.mark.parametrize("verb", ["deploy", "up", "permissions"])
def test_names_of_parameters_are_checked_before_the_synth(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(places, "CDK", Path("/there/is/no/cdk"))
    assert main([verb, "--parameters", "detectorModlName=yolox_nano"]) == 2
    said = capsys.readouterr().err
    assert f"ipc-ai {verb}: unknown parameter 'detectorModlName', did you mean 'detectorModelName'?" in said
    assert said.count("\n") == 1


@pytest.fixture(scope="module")
def image_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image's stage `models` has of the repository."""
    root = tmp_path_factory.mktemp("fetch")
    copies = re.findall(
        r"^COPY (?:--\S+ )*(.*) /tmp/fetch/(\S+)$",
        (REPOSITORY / "containers/inference/Dockerfile").read_text(),
        re.MULTILINE,
    )
    for sources, target in copies:
        for source in sources.split():
            if (REPOSITORY / source).is_dir():
                shutil.copytree(REPOSITORY / source, root / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                (root / target).mkdir(parents=True, exist_ok=True)
                shutil.copy(REPOSITORY / source, root / target)
    return root


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--version"], "ipc-ai: the version stands in "),
        (["fetc"], "did you mean 'fetch'"),
        (["up"], "ipc-ai: the verb 'up' needs the module 'workbench.verbs.up', which is not here"),
        (["--help"], "needs the module 'workbench.verbs.up'"),
        ([], "needs the module 'workbench.verbs.up'"),
        (["fetch", "yolox_nan"], "ipc-ai fetch: "),
    ],
)
def test_mistakes_in_the_build_of_an_image(image_build: Path, words: list[str], says: str) -> None:
    finished = _workbench(*words, folder=image_build)
    assert finished.returncode == 2
    assert says in finished.stderr
    assert finished.stderr.count("\n") == 1


def test_a_package_that_is_not_installed(image_build: Path, tmp_path: Path) -> None:
    shutil.copytree(image_build, tmp_path, dirs_exist_ok=True)
    (tmp_path / "rich.py").write_text("import no_such_package")
    finished = _workbench("fetch", "dlib_frontal_face", folder=tmp_path)
    assert finished.returncode == 2
    assert finished.stderr.startswith("ipc-ai: the verb 'fetch' needs the module 'no_such_package', which is not here")
    assert finished.stderr.count("\n") == 1


def test_an_api_that_is_another(photograph: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "<html>", methods=["POST"])
    with HttpServer(app) as server:
        assert main(["send", str(photograph), "--url", server.url]) == 2
    assert "is it the URL of the API" in capsys.readouterr().err


def test_an_api_that_is_not_there(photograph: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", str(photograph), "--url", "http://127.0.0.1:9/inference"]) == 2
    assert "ipc-ai up' running" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "model", "context", "given"),
    [
        (["--context", "models=a", "shop", "--dry-run"], "shop", ["models=a"], []),
        (["--context", "models=a", "deleteEvents=true", "shop"], "shop", ["models=a", "deleteEvents=true"], []),
        (["--parameters", "a=1", "b=2", "shop", "--context", "models=a"], "shop", ["models=a"], ["a=1", "b=2"]),
        (["shop", "--context", "models=a", "--context", "nag=true"], "shop", ["models=a", "nag=true"], []),
        (["--parameters", "a=1", "b", "c=2"], None, [], ["a=1", "b", "c=2"]),
        (["--region", "eu-west-1", "shop", "--parameters", "a=1"], "shop", [], ["a=1"]),
    ],
)
def test_a_model_may_follow_an_option_with_several_values(
    words: list[str],
    model: str | None,
    context: list[str],
    given: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[argparse.Namespace] = []

    def run(arguments: argparse.Namespace) -> int:
        seen.append(arguments)
        return 0

    monkeypatch.setattr(deploy, "run", run)
    assert main(["deploy", *words]) == 0
    assert (seen[0].model, seen[0].context, seen[0].parameters) == (model, context, given)


def test_an_error_of_several_lines_is_said_in_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: argparse.Namespace) -> int:
        raise WorkbenchError("the model does not load:\n  Fail: \n\n  line 3  ")

    monkeypatch.setattr(deploy, "run", run)
    assert main(["deploy"]) == 2
    assert capsys.readouterr().err == "ipc-ai deploy: the model does not load: Fail: line 3\n"


def test_ctrl_c_during_the_imports_ends_it_quietly() -> None:
    script = (
        "import sys, time, workbench.__main__ as entry\n"
        "def slow(name):\n"
        "    try:\n"
        "        print('importing', flush=True)\n"
        "        time.sleep(20)\n"
        "    except BaseException as error:\n"
        "        raise ImportError from error\n"
        "entry.importlib.import_module = slow\n"
        "sys.argv = ['ipc-ai', 'up']\n"
        "sys.exit(entry.command())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=10)
    assert (process.returncode, said) == (130, "")
