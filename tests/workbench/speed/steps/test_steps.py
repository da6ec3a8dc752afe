"""Each step of a few lines measured once, both ways, with tiny inputs; a step of the program with a tiny network."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.tiny_models import write_yolox_onnx
from workbench import places
from workbench.errors import BenchError
from workbench.speed.figures import Figure
from workbench.speed.material import Material
from workbench.speed.servers import Program
from workbench.speed.side_by_side import Effort
from workbench.speed.steps import STEPS, program, ways

_ONCE = Effort(rounds=1, seconds=0.3)
_LOADED = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("variant", sys.argv[1])
spec.loader.exec_module(importlib.util.module_from_spec(spec))

def entries():
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.add_session_config_entry("session.use_env_allocators", "1")
    for key in ("session.force_spinning_stop", "session.intra_op.allow_spinning", "session.use_env_allocators"):
        try:
            yield options.get_session_config_entry(key)
        except RuntimeError:
            yield ""
"""
_OWN_THREADS = """
import threading, time
from ipc_ai_serving import engines
from ipc_ai_serving.scheduling import traffic
busy = []

class Engine(engines.Engine):
    at_once = 2

    def run(self, tensor):
        busy.append(1)
        time.sleep(0.1)
        print(traffic.alone(), len(busy)) if tensor else None
        busy.pop()

shared = engines.SharedEngine(Engine())
other = threading.Thread(target=shared.run, args=[False])
with traffic.request(), traffic.request():
    other.start()
    shared.run(True)
    other.join()
"""
_OPENCV = "import cv2; had = cv2.getNumThreads(); cv2.setNumThreads(had + 1); print(cv2.getNumThreads() - had)"
_CHANGED = {
    "kept-memory": ("from serving import allocator; print(allocator.keep_freed_memory.__module__)", "variant"),
    "switching": ("print(sys.getswitchinterval())", "0.005"),
    "opencv-thread": (_OPENCV, "0"),
    "core-turns": ("from serving import traffic; print(traffic.core.__name__)", "nullcontext"),
    "kept-core": ("from applications import detection; print(detection.traffic.core.__name__)", "nullcontext"),
    "staying-thread": ("from serving import worker; print(worker._follows(None))", "False"),
    "spread-connections": (
        "from ipc_ai_serving.server.worker import DrainingWorker; print(DrainingWorker._another_has_fewer(None, 0.0))",
        "False",
    ),
    "told-cores": (
        "from serving import cores, shared_counts as counts;"
        "print(cores._LOOK_AGAIN_SECONDS, counts.SharedCounts.tell_one_who_waits(None))",
        "0.005 None",
    ),
    "graph-shortcuts": ("from serving import onnx_shortcuts; print(onnx_shortcuts.shortened(1, target_class=0))", "1"),
    "winograd": ("from serving import onnx_winograd; print(onnx_winograd.with_fewer_products(1, side=0))", "1"),
    "shared-arena": ("print(*entries(), sep=',')", "1,,"),
    "own-threads": (_OWN_THREADS, "True 1"),
    "stopped-spinning": ("print(*entries(), sep=',')", ",,1"),
    "spinning": ("print(*entries(), sep=',')", "1,0,1"),
}


@dataclass(frozen=True)
class _Tiny(Material):
    """A frame with a red square, and a network that finds red."""

    store: Path

    def street(self) -> bytes:
        frame = np.zeros((480, 480, 3), np.uint8)
        frame[100:200, 100:200, 2] = 255
        return cv2.imencode(".jpg", frame)[1].tobytes()

    def large(self) -> bytes:
        return self.street()

    def yolox(self) -> Path | None:
        return self.store / "yolox_nano"


@pytest.fixture
def tiny(tmp_path: Path) -> Material:
    write_yolox_onnx(tmp_path / "yolox_nano" / "yolox_nano.onnx")
    return _Tiny(None, None, tmp_path)


@pytest.mark.parametrize("name", ["body", "base64", "image-in-json", "reduced-decoding", "scans", "boxes"])
def test_both_ways_come_to_the_same(name: str, tiny: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "as_when_serving", lambda: None)  # a process of tests is none that serves
    monkeypatch.setattr(ways, "_SECONDS_A_TURN", 1e-6)
    figures = STEPS[name](tiny, _ONCE)
    assert figures
    for figure in figures:
        assert figure.value > 0
        assert (figure.unit, len(figure.rounds)) == ("x", 1)


def test_ways_that_differ_are_not_compared() -> None:
    with pytest.raises(BenchError, match="sum: both ways do not come to the same"):
        ways.compare("sum", lambda: 1, lambda: 2, _ONCE)


def test_a_turn_is_as_many_calls_as_it_takes_to_see_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "_SECONDS_A_TURN", 10)
    now = [0.0]

    def work(seconds: float) -> None:
        now[0] += seconds

    figure = ways.compare("c", lambda: work(1), lambda: work(4), Effort(2, 1), clock=lambda: now[0])
    assert figure.value == pytest.approx(0.25)
    assert (figure.ours, figure.theirs) == ("1000.0 ms", "4000.0 ms")
    # Once to compare, once to count, then ten calls of one second and two (or three) of four, in each of two rounds.
    assert now[0] == 2 * 5 + 2 * (10 + 4 * round(10 / 4))


@pytest.mark.parametrize("name", program.VARIANTS)
def test_a_variant_differs_in_one_thing(name: str, tmp_path: Path) -> None:
    prints, expected = _CHANGED[name]
    done = subprocess.run(
        [sys.executable, "-c", _LOADED + prints, str(program.CONFIGURATION)],
        env=os.environ | {"PYTHONPATH": str(places.REPOSITORY), "VARIANT": name, "MODEL_STORE": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == expected


def test_the_program_beside_a_variant(tiny: Material) -> None:
    figures = STEPS["kept-memory"](tiny, _ONCE)
    assert [figure.name for figure in figures] == ["CPU a request, 8 clients", "memory"]
    assert min(figure.value for figure in figures) > 0


def test_worker_shapes(tiny: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Sequence[Program], list[str]]] = []

    def beside(
        _case: str, programs: Sequence[Program], frames: Mapping[str, bytes], _effort: Effort, _names: Sequence[str]
    ) -> list[Figure]:
        asked.append((programs, list(frames)))
        return []

    monkeypatch.setattr(program, "beside", beside)
    STEPS["workers"](tiny, _ONCE)
    changed = []
    for (chosen, other), frames in asked:
        assert frames == ["street frame", "1280x1920 frame"]
        assert chosen.name != other.name
        changed.append(dict(set(other.environment.items()) - set(chosen.environment.items())))
    assert changed == [{"MODEL_SERVER_WORKERS": "1"}, {"OMP_NUM_THREADS": "1"}]


def test_without_real_weights_nothing_is_made_up() -> None:
    nothing = Material(None, None)
    real = [name for name, variant in program.VARIANTS.items() if not variant.heavy]
    assert not any(STEPS[name](nothing, _ONCE) for name in ("boxes", "workers", *real))
