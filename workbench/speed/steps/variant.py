"""gunicorn's configuration of the serving program, with one of its steps left out or done otherwise.

gunicorn reads this file instead of the program's own, which is read from here once what that step calls does nothing
or something else. ``VARIANT`` names the step. It imports next to nothing, for its server's memory is measured.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from workbench import places

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_STOP_SPINNING, _SHARED_ARENA = "session.force_spinning_stop", "session.use_env_allocators"


def _nothing(*_: Any) -> None:
    """In place of what a step calls."""


def _freed_memory_goes_back() -> None:
    from ipc_ai_serving.scheduling import allocator

    _replace(allocator, keep_freed_memory=_nothing)


def _threads_switch_as_python_has_it() -> None:
    _replace(sys, setswitchinterval=_nothing)


def _opencv_has_a_thread_a_core() -> None:
    import cv2

    _replace(cv2, setNumThreads=_nothing)


def _more_at_once_than_cores() -> None:
    from ipc_ai_serving.scheduling import traffic

    _replace(traffic, core=contextlib.nullcontext)


def _core_given_back_between_two_steps() -> None:
    from ipc_ai_serving.applications import detection

    _replace(detection, traffic=SimpleNamespace(core=contextlib.nullcontext))


def _each_request_through_the_poller() -> None:
    from ipc_ai_serving.server import worker

    _replace(worker, _follows=lambda _conn: False)


def _whoever_is_first_takes_a_connection() -> None:
    from ipc_ai_serving.server.worker import DrainingWorker

    _replace_method(DrainingWorker, _another_has_fewer=lambda _worker, _now: False)


def _looking_for_idle_cores_often() -> None:
    from ipc_ai_serving.scheduling import cores
    from ipc_ai_serving.scheduling.shared_counts import SharedCounts

    _replace(cores, _LOOK_AGAIN_SECONDS=0.005)
    _replace_method(SharedCounts, tell_one_who_waits=_nothing)


def _graphs_as_published() -> None:
    from ipc_ai_serving.engines.onnxruntime import onnx_shortcuts

    _replace(onnx_shortcuts, shortened=lambda path, **_: path)


def _convolutions_as_they_are() -> None:
    from ipc_ai_serving.engines.onnxruntime import onnx_winograd

    _replace(onnx_winograd, with_fewer_products=lambda graph, **_: graph)


def _an_arena_a_session() -> None:
    _onnxruntime_with(lambda set_entry, key, value: None if key == _SHARED_ARENA else set_entry(key, value))


def _threads_wait_in_loops_for_the_next_frame() -> None:
    _onnxruntime_with(lambda set_entry, key, value: None if key == _STOP_SPINNING else set_entry(key, value))


def _threads_never_wait_in_loops() -> None:
    def set_entries(set_entry: Callable[[str, str], None], key: str, value: str) -> None:
        set_entry(key, value)
        set_entry("session.intra_op.allow_spinning", "0")

    _onnxruntime_with(set_entries)


def _all_threads_for_one_after_the_other() -> None:
    from ipc_ai_serving import engines
    from ipc_ai_serving.scheduling import traffic

    class OneAfterTheOther(engines.SharedEngine):
        def __init__(self, engine: engines.Engine) -> None:
            super().__init__(engine)
            self._turn = threading.Lock()

        def run(self, tensor: npt.NDArray[np.float32]) -> engines.Outputs:
            with self._turn:
                return super().run(tensor)

    _replace(traffic, alone=lambda: True)
    _replace(engines, SharedEngine=OneAfterTheOther)


def _onnxruntime_with(set_entry: Callable[[Callable[[str, str], None], str, str], None]) -> None:
    """Sessions whose entries are set by ``set_entry``, which gets what really sets one, the key and the value."""
    import onnxruntime

    class Options(onnxruntime.SessionOptions):  # type: ignore[misc]
        def add_session_config_entry(self, key: str, value: str) -> None:
            set_entry(super().add_session_config_entry, key, value)

    _replace(onnxruntime, SessionOptions=Options)


def _replace(module: ModuleType, **replacements: object) -> None:
    vars(module).update(replacements)


def _replace_method(owner: type, **replacements: object) -> None:
    for name, replacement in replacements.items():
        setattr(owner, name, replacement)


def _program_s_own() -> dict[str, Any]:
    file = Path(places.SERVING_PROGRAM) / "gunicorn.conf.py"
    spec = importlib.util.spec_from_file_location("program_configuration", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return vars(module)


_VARIANTS: dict[str, Callable[[], None]] = {
    "kept-memory": _freed_memory_goes_back,
    "switching": _threads_switch_as_python_has_it,
    "opencv-thread": _opencv_has_a_thread_a_core,
    "core-turns": _more_at_once_than_cores,
    "kept-core": _core_given_back_between_two_steps,
    "staying-thread": _each_request_through_the_poller,
    "spread-connections": _whoever_is_first_takes_a_connection,
    "told-cores": _looking_for_idle_cores_often,
    "graph-shortcuts": _graphs_as_published,
    "winograd": _convolutions_as_they_are,
    "shared-arena": _an_arena_a_session,
    "own-threads": _all_threads_for_one_after_the_other,
    "stopped-spinning": _threads_wait_in_loops_for_the_next_frame,
    "spinning": _threads_never_wait_in_loops,
}

sys.path.insert(0, str(places.SERVING_PROGRAM))
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read when it is imported, which here is before the configuration is
_VARIANTS[os.environ["VARIANT"]]()
globals().update({name: value for name, value in _program_s_own().items() if not name.startswith("_")})
