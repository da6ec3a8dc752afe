"""A user's own program as it runs in the container: one thread for all hooks, ends and crashes, the rest of HTTP."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

import ipc_ai_catalogue as catalogue
from tests.served_program import Program, serving

pytestmark = pytest.mark.processes

ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
DEFAULT_NAME = catalogue.load().detectors()[0]

# A body is the source of predict_fn's result.
HOOKS = """
import asyncio, ctypes, json, multiprocessing, os, signal, sqlite3, subprocess, sys, threading, time
import flask

class Mine(BaseException): pass
def fail(*_): raise TimeoutError("too slow")
def square(number): return number * number
def throw(error): raise error
def squares(method):
    with multiprocessing.get_context(method).Pool(2) as pool:
        return pool.map(square, [1, 2, 3])
def ends_of_forks(count):
    ends = set()
    for _ in range(count):
        child = os.fork()
        if child == 0:
            time.sleep(10)
            os._exit(0)
        os.kill(child, signal.SIGTERM)
        ends.add(os.waitpid(child, 0)[1])
    return sorted(ends)
def end_with_pool():
    global kept
    kept = multiprocessing.Pool(1)
    os._exit(5)

own = threading.local()
threads = set()
def seen(value=None):
    threads.add(threading.get_ident())
    return value
seen()
def model_fn(model_dir):
    own.model = seen(7)
    database = sqlite3.connect(":memory:")
    database.execute("create table calls (number)")
    return database
def input_fn(body, content_type): return seen(body)
def predict_fn(body, model): return seen(eval(body, globals() | {"model": model}))
def output_fn(answer, accept): return seen(answer) if isinstance(answer, flask.Response) else json.dumps(seen(answer))
"""


def _serving(folder: Path, source: str = HOOKS, workers: int = 1, **environment: str) -> Any:
    (folder / "inference.py").write_text(source)
    return serving(folder, application="custom", MODEL_SERVER_WORKERS=str(workers), **environment)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with _serving(tmp_path_factory.mktemp("own"), MODEL_NAME=DEFAULT_NAME) as program:
        program.wait_until(200)
        yield program


def _ask(program: Program, body: str, **headers: str) -> httpx.Response:
    headers = {"Content-Type": "text/plain", **headers}
    return httpx.post(f"{program.url}/invocations", content=body, headers=headers, timeout=60)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("threading.current_thread() is threading.main_thread()", True),
        ("asyncio.get_event_loop().run_until_complete(asyncio.sleep(0, 4))", 4),
        ("[signal.signal(signal.SIGUSR2, fail), 1][1]", 1),
        ("model.execute('select count(*) from calls').fetchone()", [0]),
        ("own.model", 7),
        ("len(threads)", 1),
        ("squares('fork')", [1, 4, 9]),
        ("squares('spawn')", [1, 4, 9]),
        ("ends_of_forks(50)", [signal.SIGTERM]),
        ("[child := subprocess.Popen(['sleep', '60']), child.terminate(), child.wait(9)][2]", -signal.SIGTERM),
        ("flask.request.headers['X-Amzn-SageMaker-Custom-Attributes']", "camera_id=gate-1"),
        ("[sorted(sys.path).count(''), sys.stdin.read()]", [0, ""]),
    ],
)
def test_hooks_have_the_main_thread(program: Program, body: str, expected: object) -> None:
    attributes = {"X-Amzn-SageMaker-Custom-Attributes": "camera_id=gate-1"}
    # Several at once: one after the other, any single thread would do.
    with ThreadPoolExecutor(4) as clients:
        answers = list(clients.map(lambda _: _ask(program, body, **attributes), range(4)))
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, expected)] * 4


@pytest.mark.parametrize(
    "body",
    [
        "sys.exit(3)",
        "sys.exit(4)",
        "sys.exit()",
        "quit()",
        "throw(KeyboardInterrupt())",
        "throw(asyncio.CancelledError())",
        "throw(Mine())",
        "throw(GeneratorExit())",
        "[signal.signal(signal.SIGALRM, fail), signal.setitimer(signal.ITIMER_REAL, 0.05), time.sleep(10)]",
        "os._exit(0)",
        "os._exit(3)",
        "os._exit(4)",
        "os.abort()",
        "ctypes.string_at(0)",
        "os.kill(os.getpid(), signal.SIGKILL)",
        "end_with_pool()",
    ],
)
def test_an_end_costs_its_own_request_alone(program: Program, body: str) -> None:
    started = threading.Event()
    statuses: list[int] = []

    def send() -> None:
        started.wait()
        statuses.append(_ask(program, "1").status_code)

    others = [threading.Thread(target=send) for _ in range(4)]
    for other in others:
        other.start()
    started.set()
    answer = _ask(program, body)
    for other in others:
        other.join()
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "ModelFailed")
    assert statuses == [200] * 4
    assert _ask(program, "own.model").json() == 7
    assert len(program.workers()) == 1
    assert program.process.poll() is None


@pytest.mark.parametrize(
    "body",
    [
        "[signal.signal(signal.SIGALRM, fail), signal.setitimer(signal.ITIMER_REAL, 0.05)] and 1",
        "os.kill(os.getpid(), signal.SIGTERM) or 1",
    ],
)
def test_a_signal_between_requests_costs_none(program: Program, body: str) -> None:
    assert _ask(program, body).json() == 1
    time.sleep(0.3)
    assert _ask(program, "own.model").json() == 7


def test_an_end_between_requests_costs_none(program: Program) -> None:
    number = _ask(program, "threading.Timer(0.05, os._exit, [3]).start() or os.getpid()").json()
    while _lives(number):
        time.sleep(0.01)
    assert _ask(program, "own.model").json() == 7


def _lives(number: int) -> bool:
    """True until a process has ended, though its parent may not know."""
    try:
        return ") Z " not in Path(f"/proc/{number}/stat").read_text()
    except FileNotFoundError:
        return False


def test_a_hook_that_holds_pythons_lock_delays_no_ping(program: Program) -> None:
    with ThreadPoolExecutor(1) as client:
        slow = client.submit(_ask, program, "ctypes.PyDLL(None).usleep(900_000)")
        pings = []
        while not slow.done():
            started = time.perf_counter()
            assert program.ping() == 200
            pings.append(time.perf_counter() - started)
    assert slow.result().status_code == 200
    assert max(pings) < 0.5
    assert len(pings) >= 5


def test_flasks_responses_and_errors(program: Program) -> None:
    refused = _ask(program, "flask.Response('rows need 4 numbers', 422, {'X-Model': '7'}, mimetype='text/plain')")
    assert (refused.status_code, refused.text, refused.headers["X-Model"]) == (422, "rows need 4 numbers", "7")
    assert _ask(program, "flask.jsonify([1])").json() == [1]
    empty = _ask(program, "flask.Response(status=204)")
    assert (empty.status_code, empty.content) == (204, b"")
    aborted = _ask(program, "flask.abort(409, 'send another')")
    assert (aborted.status_code, aborted.json()["error"]["code"], aborted.json()["error"]["message"]) == (
        409,
        "Conflict",
        "send another",
    )
    assert _ask(program, "flask.abort(flask.Response('own', 418))").text == "own"


@pytest.mark.parametrize(
    ("answer", "status", "attributes"),
    [
        (
            "flask.Response('x', 201, {'X-Model': 'a b', 'Location': '/plates/7'})",
            201,
            "X-Model=a+b&Location=%2Fplates%2F7",
        ),
        ("flask.Response(status=204)", 204, ""),
        ("flask.Response('x', 200, {'X-Model': '7'})", 200, "X-Model=7"),
        ("flask.Response('x', 200, [('X-Long', 'x' * 1100), ('X-Model', '7')])", 200, "X-Model=7"),
    ],
)
def test_status_and_headers_of_an_answer_travel_in_sagemakers_attributes(
    program: Program, answer: str, status: int, attributes: str
) -> None:
    got = _ask(program, answer)
    assert got.status_code == status
    assert got.headers[ATTRIBUTES] == "&".join(filter(None, [f"status={status}", attributes]))


@pytest.mark.parametrize(
    ("answer", "attributes"),
    [
        ("1", None),
        ("flask.Response('no', 422, {'X-Model': '7'})", None),  # SageMaker would drop them
        (f"flask.Response('x', 201, {{'{ATTRIBUTES.lower()}': 'trace=7'}})", "trace=7"),
    ],
)
def test_other_answers_have_no_attributes_of_ours(program: Program, answer: str, attributes: str | None) -> None:
    assert _ask(program, answer).headers.get(ATTRIBUTES) == attributes


def test_a_refusal_of_the_programs_own_is_in_the_log(program: Program) -> None:
    _ask(program, "flask.Response('no connection to db-7', 500)", **{"X-Amzn-SageMaker-Inference-Id": "r-16"})
    (refused,) = program.logged("refused: the program answered: no connection to db-7")
    assert (refused["request_id"], refused["status"], refused["level"]) == ("r-16", 500, "WARNING")
    assert "r-16" not in {entry["request_id"] for entry in program.logged("served")}


def test_a_program_without_a_name_is_custom_in_the_log(program: Program) -> None:
    """The program of this module has the parameter's default as its name, which it can read nevertheless."""
    assert _ask(program, "os.environ['MODEL_NAME']").json() == DEFAULT_NAME
    assert {entry["model"] for entry in program.logged("served")} == {"custom"}


def test_the_log_names_the_request_that_failed(program: Program) -> None:
    _ask(program, "throw(ValueError('secret'))", **{"X-Amzn-SageMaker-Inference-Id": "r-17"})
    _ask(program, "os._exit(6)", **{"X-Amzn-SageMaker-Inference-Id": "r-18"})
    failed = {entry.get("request_id"): entry for entry in _errors(program)}
    assert "secret" in failed["r-17"]["traceback"]
    assert failed["r-18"]["message"] == "failed: the program ended itself with exit code 6"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import argparse\nargparse.ArgumentParser().parse_args()", "the program ended itself (SystemExit: 2)"),
        ("import sys\ndef model_fn(model_dir): sys.exit('no weights')", "(SystemExit: no weights)"),
        ("import os\nos._exit(3)", "the program ended itself with exit code 3 while it was loaded"),
        ("import os\nos.abort()", "the program was ended by SIGABRT while it was loaded"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import threading\nthreading.Thread(target=threading.Event().wait).start()\n1 / 0", "division by zero"),
    ],
)
def test_an_end_while_loading_is_told_at_once(tmp_path: Path, source: str, reason: str) -> None:
    started = time.monotonic()
    with _serving(tmp_path, source, workers=2) as program:
        program.wait_until(500)
        assert time.monotonic() - started < 20
        answer = _ask(program, "1")
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "ModelLoadFailed")
        assert reason in _errors(program)[0]["message"]
        assert program.process.poll() is None


def _errors(program: Program) -> list[dict[str, Any]]:
    lines = [line for line in program.log.read_text().splitlines() if line.startswith("{")]
    return [entry for entry in map(json.loads, lines) if entry["level"] == "ERROR"]


def test_a_hook_that_never_returns_costs_its_own_request(tmp_path: Path) -> None:
    with _serving(tmp_path, MODEL_SERVER_TIMEOUT="2") as program:
        program.wait_until(200)
        hung = _ask(program, "time.sleep(600)")
        assert (hung.status_code, hung.json()["error"]["code"]) == (502, "ModelFailed")
        assert _ask(program, "1 + 1").json() == 2


def test_a_module_of_the_users_that_is_called_flask(tmp_path: Path) -> None:
    (tmp_path / "flask.py").write_text("X = 1")
    hooks = "import flask, json\ndef model_fn(model_dir): return flask.X\ndef predict_fn(body, model): return model\n"
    with _serving(tmp_path, hooks) as program:
        program.wait_until(200)
        assert _ask(program, "[1]", **{"Content-Type": "application/json"}).json() == 1


def test_while_one_worker_loads_anew_the_other_answers(tmp_path: Path) -> None:
    slow_again = (
        "import os, pathlib, time\n"
        "def model_fn(model_dir):\n"
        "    time.sleep(30 if pathlib.Path(model_dir, 'ended').exists() else 0)\n"
        "def input_fn(body, content_type): return body\n"
        "def predict_fn(body, model):\n"
        "    if body == 'end':\n"
        "        open('ENDED', 'w')\n"
        "        os._exit(3)\n"
        "    return 1\n"
    ).replace("ENDED", str(tmp_path / "ended"))
    with _serving(tmp_path, slow_again, workers=2) as program:
        program.wait_until(200)
        while len(program.logged("worker ready")) < 2:
            time.sleep(0.05)
        assert _ask(program, "end").status_code == 502
        time.sleep(1.2)  # until the worker has seen that it cannot serve
        assert {_ask(program, "1").status_code for _ in range(30)} == {200}
        assert {program.ping() for _ in range(30)} == {200}


def test_the_only_worker_says_that_it_loads_anew(tmp_path: Path) -> None:
    source = "import os, time\ndef model_fn(model_dir): time.sleep(2)\ndef predict_fn(rows, model): os._exit(3)"
    with _serving(tmp_path, source) as program:
        program.wait_until(200)
        assert program.invoke(b"[1]", "application/json") == 502
        assert program.ping() == 503
        program.wait_until(200)


def test_termination_finishes_what_runs_and_ends_what_hangs(tmp_path: Path) -> None:
    source = (
        "import atexit, threading, time\n"
        "threading.Thread(target=threading.Event().wait).start()\n"  # would keep the process for ever
        "def model_fn(model_dir): return 1\n"
        "def predict_fn(rows, model): time.sleep(1); return 2\n"
    )
    with _serving(tmp_path, source) as program:
        program.wait_until(200)
        hook_processes = _descendants(program)
        assert hook_processes
        with ThreadPoolExecutor(1) as client:
            running = client.submit(program.invoke, b"[1]", "application/json")
            time.sleep(0.4)
            program.process.terminate()
            assert running.result() == 200
        assert program.process.wait(15) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in hook_processes)


def test_a_killed_worker_takes_its_program_with_it(tmp_path: Path) -> None:
    source = "import time\ndef model_fn(model_dir): return 1\ndef predict_fn(rows, model): time.sleep(600)"
    with _serving(tmp_path, source) as program:
        program.wait_until(200)
        (hook_process,) = _descendants(program)
        with ThreadPoolExecutor(1) as client:
            cut = client.submit(program.invoke, b"[1]", "application/json")
            time.sleep(0.3)
            os.kill(program.workers()[0], signal.SIGKILL)
            assert cut.result() == 0
        deadline = time.monotonic() + 5
        while Path(f"/proc/{hook_process}").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)


def _descendants(program: Program) -> list[int]:
    """The processes of the workers."""
    found = []
    for worker in program.workers():
        for task in Path(f"/proc/{worker}/task").iterdir():
            found += [int(pid) for pid in (task / "children").read_text().split()]
    return found


def test_workers_run_hooks_beside_each_other(tmp_path: Path) -> None:
    """Each request waits until three processes are inside predict_fn."""
    source = """
import os, time
def model_fn(model_dir): return model_dir
def predict_fn(rows, folder):
    open(os.path.join(folder, f"inside-{os.getpid()}"), "w").close()
    deadline = time.monotonic() + 30
    while sum(name.startswith("inside-") for name in os.listdir(folder)) < 3:
        assert time.monotonic() < deadline, "the others do not come"
        time.sleep(0.01)
    return 2
"""
    with _serving(tmp_path, source, workers=3) as program:
        program.wait_until(200)
        while len(program.logged("worker ready")) < 3:
            time.sleep(0.05)
        with ThreadPoolExecutor(6) as clients:
            asked = [clients.submit(_ask, program, "[1]", **{"Content-Type": "application/json"}) for _ in range(6)]
            assert [answer.result().text for answer in asked] == ["2"] * 6
