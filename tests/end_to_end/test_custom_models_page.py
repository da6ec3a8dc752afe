"""Worked examples of docs/custom-models.md, run verbatim; the Chinese page shows the same."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import table_graphs
from tests.saved_models import saved_model
from workbench.errors import StartError
from workbench.local.container import container_engine

pytestmark = pytest.mark.processes

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "custom-models.md").read_text(encoding="utf-8")
CHINESE_PAGE = (REPOSITORY / "docs" / "custom-models_CN.md").read_text(encoding="utf-8")
_COMMAND = ".venv/bin/ipc-ai"
_UP = f"{_COMMAND} up"


def _blocks(page: str, heading: str) -> list[str]:
    """Code blocks of a section."""
    section = re.split(r"^##+ ", page.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(r"^```\w+\n(.*?)^```", section, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder with the parts of the repository that the commands name."""
    for name in (".venv", "containers"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    return tmp_path


def _run(script: str, folder: Path, **environment: str) -> list[str]:
    # The command without an installation, because the environment may belong to another clone.
    installed = script.replace(_COMMAND, ".venv/bin/python -m workbench")
    finished = subprocess.run(
        ["bash", "-euc", installed],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return [line for line in finished.stdout.splitlines() if line]


@contextmanager
def _up(script: str, folder: Path) -> Iterator[str]:
    """Runs a block, its last command until the end of the context; yields the API's URL."""
    preparation, found, command = script.partition(_UP)
    assert found
    _run(preparation, folder, PYTHONPATH=str(REPOSITORY))
    words = [sys.executable, "-m", "workbench", "up", "--logs", str(folder / "logs"), *shlex.split(command)]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "MODEL_SERVER_WORKERS": "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            first = process.stdout.readline()
            assert first.startswith("API "), process.stderr.read()
            yield first.split()[1]
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def _calls(script: str, url: str, folder: Path) -> list[str]:
    """Output of a block's calls, each on lines of its own."""
    apart = re.sub(r"^(curl .*)$", r"\1; echo", re.sub(r"^API=.*\n", "", script), flags=re.MULTILINE)
    return _without_ids(_run(apart, folder, API=url))


def _shown(answers: str) -> list[str]:
    return _without_ids(answers.splitlines())


def _without_ids(lines: list[str]) -> list[str]:
    return [re.sub(r'"request_id": "[^"]+"', '"request_id": ""', line) for line in lines]


def _assert_shown(printed: list[str], shown: list[str]) -> None:
    """Asserts that lines equal those of a page; the last digits of a score differ between processors."""
    decimals = re.compile(r"-?\d+\.\d{3,}")
    assert [decimals.sub("#", line) for line in printed] == [decimals.sub("#", line) for line in shown]
    numbers = [[float(number) for line in lines for number in decimals.findall(line)] for lines in (printed, shown)]
    assert numbers[0] == pytest.approx(numbers[1], abs=1e-4)


def _session(script: str, folder: Path) -> list[str]:
    """Output of a block, without the parts that differ between runs."""
    return _steady(_run(script, folder, PYTHONPATH=str(REPOSITORY), MODEL_SERVER_WORKERS="1"))


def _steady(lines: list[str]) -> list[str]:
    # Columns are as wide as the longest name of a parameter.
    aligned = (re.sub(r"(?<=\S) {2,}", "  ", line) for line in lines)
    digests = (re.sub(r"[0-9a-f]{64}", "SHA256", line) for line in aligned)
    # A shortened answer is cut at a column, so after one digit more or less.
    return [re.sub(r' in \d+ ms:|, [\d.]+ (bytes|[kM]B)\)|, "?\w*(?=\.\.\.$)', "", line) for line in digests]


def test_the_route_of_a_built_in_model(folder: Path) -> None:
    start, call, answer, plan, planned = _blocks(PAGE, "A built-in model")
    with _up(start, folder) as url:
        _assert_shown(_calls(call, url, folder), _shown(answer))
    _assert_shown(_session(plan, folder), _steady(planned.splitlines()))


def test_the_route_of_weights(folder: Path, testdata: Path) -> None:
    commands, shown = _blocks(PAGE, "Your own weights")
    commands = commands.replace("--store", f"--from {testdata} --store")
    _assert_shown(_session(commands, folder), _steady(shown.splitlines()))


def test_the_route_of_a_model_of_tables(folder: Path) -> None:
    table_graphs.write_columns(folder / "fraud.onnx", version="1.20.0")
    commands, shown, calls, answers = _blocks(PAGE, "A table model without code")
    _assert_shown(_session(commands.partition(_UP)[0], folder), _steady(shown.splitlines()))
    with _up(f"{_UP}{commands.partition(_UP)[2]}", folder) as url:
        _assert_shown(_calls(calls, url, folder), _shown(answers))


def test_the_route_of_a_program(folder: Path) -> None:
    train, _, _ = _blocks(PAGE, "A scikit-learn model")
    _run(train.partition(_UP)[0], folder)
    commands, shown = _blocks(PAGE, "Your own inference.py")
    commands = commands.replace("package iris", "package iris --no-trial")  # pip takes a minute
    expected = re.sub(r"served .*", "served      not tried here: --no-trial", shown)
    _assert_shown(_session(commands, folder), _steady(expected.splitlines()))


def test_the_route_of_an_image(folder: Path) -> None:
    (folder / "half").mkdir()
    (folder / "half/saved_model.pb").write_bytes(saved_model())
    commands, shown, program = _blocks(PAGE, "Your own image")
    (folder / "half/code").mkdir()
    (folder / "half/code/inference.py").write_text(program)
    of_program = ("archive ", "images ")  # lines that tell of the program
    with_program = [line for line in _session(commands, folder) if not line.startswith(of_program)]
    (folder / "half/code/inference.py").unlink()
    (folder / "half/code").rmdir()
    printed = _session(commands, folder)
    _assert_shown(printed, _steady(shown.splitlines()))
    assert [line for line in printed if not line.startswith(of_program)] == with_program


def test_handlers_for_tensorflow_serving() -> None:
    """The program of the page, called as by TensorFlow Serving's container."""
    hooks: dict[str, Any] = {}
    exec(_blocks(PAGE, "Your own image")[2], hooks)
    sent = hooks["input_handler"](io.BytesIO(b"a JPEG"), SimpleNamespace(request_content_type="image/jpeg"))
    assert json.loads(sent) == {"instances": [{"b64": "YSBKUEVH"}]}
    answer = SimpleNamespace(status_code=200, content=b'{"predictions": [1]}')
    assert hooks["output_handler"](answer, None) == (answer.content, "application/json")


def test_an_image_application(folder: Path) -> None:
    start, _, calls, answers = _blocks(PAGE, "An image application")
    with _up(start, folder) as url:
        _assert_shown(_calls(calls, url, folder), _shown(answers))


def test_a_scikit_learn_model(folder: Path) -> None:
    start, calls, answers = _blocks(PAGE, "A scikit-learn model")
    with _up(start, folder) as url:
        _assert_shown(_calls(calls, url, folder), _shown(answers))


def test_a_pytorch_model(folder: Path) -> None:
    pytest.importorskip("torch")
    start, calls, answers = _blocks(PAGE, "A PyTorch model")
    with _up(start.replace("python3 save.py", f"{sys.executable} save.py"), folder) as url:
        _assert_shown(_calls(calls, url, folder), _shown(answers))


def test_an_mxnet_model(folder: Path) -> None:
    start, calls, answers = _blocks(PAGE, "An MXNet model")
    with _up(start, folder) as url:
        _assert_shown(_calls(calls, url, folder), _shown(answers))


def test_the_customized_application_as_it_stands(folder: Path) -> None:
    start, call, answer, _ = _blocks(PAGE, "A container of your own")
    with _up(start, folder) as url:
        (line,) = _calls(call, url, folder)
    assert json.loads(line) == json.loads(answer)


def test_an_image(folder: Path) -> None:
    _, start, _ = _blocks(PAGE, "Any image in ECR")
    (image,) = re.findall(r"containerImageUri=(\S+)", start)
    try:
        container_engine.find(image)
    except StartError as error:
        pytest.skip(f"build containers/customized-application under this name: {error}")
    _, call, answer, _ = _blocks(PAGE, "A container of your own")
    with _up(start, folder) as url:
        (line,) = _calls(call, url, folder)
    assert json.loads(line) == json.loads(answer)


def test_the_chinese_page_shows_the_same_commands() -> None:
    def commands(page: str) -> list[str]:
        blocks = re.findall(r"^```(?:sh|json|text)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
        return [re.sub(r" +# .*", "", block) for block in blocks]

    assert commands(CHINESE_PAGE) == commands(PAGE)
