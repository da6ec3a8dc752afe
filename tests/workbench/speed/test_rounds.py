"""Two servers in turns: requests of each, direction of ratios, and messages of failures."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import BenchError
from workbench.speed import load, rounds, side_by_side
from workbench.speed.figures import Figure
from workbench.speed.load import Request
from workbench.speed.rounds import Case
from workbench.speed.servers import Program, Server
from workbench.speed.side_by_side import Asked, Effort, Targets

pytestmark = pytest.mark.processes

_SERVER = """
import os, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import socket

wanted, seconds, fault = sys.argv[1].encode(), float(sys.argv[2]), sys.argv[3]
answered = 0

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        global answered
        good = self.rfile.read(int(self.headers["Content-Length"])) == wanted
        answered += 1
        time.sleep(seconds)
        if fault == "hangs" and answered > 20:
            time.sleep(60)
        if fault == "ends" and answered > 20:
            print("why it ended", flush=True)
            os._exit(3)
        if fault == "half" and answered % 2 == 0:
            good = False
        self.answer(200 if good and not (fault == "never" and answered > 1) else 500)

    def do_GET(self):
        self.answer(200)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.wfile.flush()

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("", 0), Handler, bind_and_activate=False)
server.socket.close()
server.socket = socket.socket(fileno=int(sys.argv[-1].removeprefix("fd://")))
server.serve_forever()
"""
_EFFORT = Effort(rounds=2, seconds=0.3)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    warm = rounds.warm

    def warmed(server: Server, request: Request) -> None:
        warm(server, request, seconds=0.05)

    monkeypatch.setattr(rounds, "warm", warmed)


def _program(name: str, directory: Path, *, seconds: float = 0.0, fault: str = "") -> Program:
    """Server that accepts only a body with its own name."""
    script = directory / "server.py"  # a file, because messages may quote the command
    script.write_text(_SERVER)
    return Program(name, [sys.executable, str(script), name, str(seconds), fault], {}, directory)


def _figures(product: Program, plain: Program | None = None, **peers: Program) -> dict[str, Figure]:
    mine, other = (Request.post("/invocations", name, "image/jpeg") for name in (b"product", b"plain"))
    asked = Asked("frame", mine, other, Targets(0.5, 2, peers_alone=2, peers_rate=2))
    figures = side_by_side.measured(product, [asked], _EFFORT, plain=plain, peers=peers)
    return {figure.name: figure for figure in figures}


def test_each_server_gets_its_request_and_a_fast_product_has_good_ratios(tmp_path: Path) -> None:
    figures = _figures(_program("product", tmp_path), _program("plain", tmp_path, seconds=0.2))
    assert list(figures) == ["p50, 1 client", "throughput, 8 clients", "/ping p99, 8 clients"]  # nothing was refused
    assert (figures["p50, 1 client"].held, figures["throughput, 8 clients"].held) == (True, True)
    assert [len(figure.rounds) for figure in figures.values()] == [4, 4, 4]  # each server twice a start


@pytest.mark.parametrize(("ours", "theirs", "held"), [(0.0, 0.2, True), (0.2, 0.0, False)])
def test_a_peer_gets_the_products_request_and_is_compared_by_throughput(
    ours: float, theirs: float, held: bool, tmp_path: Path
) -> None:
    peer = _program("product", tmp_path, seconds=theirs)
    figures = _figures(_program("product", tmp_path, seconds=ours), None, Peer=peer)
    assert list(figures) == [
        "p50, 1 client",
        "throughput, 8 clients",
        "throughput / Peer, 1 client",
        "throughput / Peer, 8 clients",
        "/ping p99, 8 clients",
    ]
    assert [figure.held for name, figure in figures.items() if "Peer" in name] == [held, held]


def test_a_slow_product_has_bad_ratios(tmp_path: Path) -> None:
    figures = _figures(_program("product", tmp_path, seconds=0.2), _program("plain", tmp_path))
    assert (figures["p50, 1 client"].held, figures["throughput, 8 clients"].held) == (False, False)


def test_the_product_is_measured_next_to_all_that_it_is_compared_with(monkeypatch: pytest.MonkeyPatch) -> None:
    for measure in ("_one_client", "_eight_clients", "_eight_clients_and_pings"):
        monkeypatch.setattr(rounds, measure, lambda server, *_: called.append(server))
    servers: Any = ["product", "plain"]
    called: list[str] = []
    phases = []
    for phase in Case([Request.get("/ping")] * 2, [lambda: called.append("bare")]).phases(servers, 0.0):
        called.clear()
        for turn in phase:
            turn()
        phases.append(list(called))
    assert phases == [["plain", "product"], ["plain", "product", "bare"], ["product"]]


def test_of_several_servers_the_product_is_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr(rounds, "_eight_clients", lambda server, *_: called.append(server))
    servers: Any = ["product", "plain", "one", "other"]
    for turn in Case([Request.get("/ping")] * 4, [lambda: called.append("bare")]).phases(servers, 0.0)[1]:
        turn()
    assert called == ["plain", "one", "product", "bare", "other"]


def test_every_other_time_it_goes_the_other_way_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two starts are measured, each twice; the second one begins in the reverse order."""
    called: list[str] = []
    monkeypatch.setattr(rounds, "_running", lambda programs, _: contextlib.nullcontext(programs))
    monkeypatch.setattr(rounds, "warm", lambda *_: None)
    for measure in ("_one_client", "_eight_clients_and_pings"):
        monkeypatch.setattr(rounds, measure, lambda *_: None)
    monkeypatch.setattr(rounds, "_eight_clients", lambda server, *_: called.append(server))
    servers: Any = ["product", "plain"]
    case = Case([Request.get("/ping")] * 2, [lambda: called.append("bare")])
    rounds.measure(servers, [case], rounds=2, seconds=0.0)
    forth, back = ["plain", "product", "bare"], ["bare", "product", "plain"]
    assert called == forth + back + back + forth


@pytest.mark.parametrize(
    ("faulty", "name"), [(0, "refused requests"), (1, "refused requests of the plain server")], ids=["product", "plain"]
)
def test_what_either_server_refuses_is_said(faulty: int, name: str, tmp_path: Path) -> None:
    programs = [_program(each, tmp_path, fault="half" * (faulty == at)) for at, each in enumerate(("product", "plain"))]
    figures = _figures(*programs)
    refused = {each: figure.held for each, figure in figures.items() if "refused" in each}
    assert refused == {name: False}


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("ends", r"ends with: why it ended"),
        ("never", r"no good answer, \d+ others"),
        ("hangs", r"no good answer|timed out"),
    ],
)
def test_a_server_that_fails_later_ends_the_measurement(
    fault: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "_TIMEOUT_SECONDS", 1.0)
    with pytest.raises(BenchError, match=says):
        _figures(_program("product", tmp_path), _program("plain", tmp_path, fault=fault))
