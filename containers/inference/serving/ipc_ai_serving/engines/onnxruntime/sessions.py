"""Sessions of ONNX Runtime, and graphs whose weights the sessions of several processes share."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import logging
import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ipc_ai_serving.engines.onnxruntime import providers
from ipc_ai_serving.engines.onnxruntime.providers import CPU, GPU, Options
from ipc_ai_serving.errors import ModelLoadError

logger = logging.getLogger(__name__)

_PREFIX = "serving-model-"
_GRAPH, _WEIGHTS, _LOCK = "graph.onnx", "weights", "lock"
_BY_DOUBLING = 0
"""Growth of an arena, the runtime's ``kNextPowerOfTwo``. The other way it would grow with every larger frame."""

UNSOUND = ["Pad_Fusion"]
"""Optimisations that are left out. Up to 1.31 this one moves padding with zeros into a maximum pool, which pads with
less than any number, so negative maxima come out at the edge: wrong boxes of YOLOv3-tiny."""

_LEAST_BYTES = "4096"
"""Least size of weights in a file of their own; smaller ones are copied."""

_PLACE_IN_ITS_SOURCE = re.compile(r"/onnxruntime_src/\S+ [^\n]*?\)(?: const)? ")


class OptimisedGraph:
    """A graph as ONNX Runtime optimised it for this machine, in files that sessions map into their memory.

    A session of the original graph copies the weights into the layout of convolutions. Sessions of this graph share
    the pages of the files, in all processes, and open in a tenth of the time.
    """

    def __init__(self, folder: Path, *, name: str) -> None:
        """Take the files in ``folder``, which this process removes at its end."""
        self._folder = folder
        self._name = name
        weakref.finalize(self, _remove, folder, os.getpid(), _locked(folder, os.O_CREAT))

    def opened(self, *, threads: int) -> Any:
        """Open a session on the CPU.

        Raises:
            ModelLoadError: the files are gone.
        """
        import onnxruntime

        options = _options(threads)
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        if not _has_bytes(self._folder / _GRAPH):
            # Prepacking would copy all matrices in each process; the weights of convolutions are packed in the files.
            options.add_session_config_entry("session.disable_prepacking", "1")
        return _session(str(self._folder / _GRAPH), options, name=self._name)


def _has_bytes(graph: Path) -> bool:
    """Tell whether weights are in 8 bits: such a network takes 2.8x of its time where they are not packed."""
    import onnx

    eight_bits = (onnx.TensorProto.INT8, onnx.TensorProto.UINT8)
    weights = onnx.load(str(graph), load_external_data=False).graph.initializer
    return any(each.data_type in eight_bits and each.dims for each in weights)


def opened(
    graph: Path | bytes, *, threads: int, name: str, tensorrt: Options | None = None, on_cpu: bool = False
) -> Any:
    """Open a session on the GPU where the runtime's CUDA build finds one, else on the CPU.

    Args:
        graph: its file, or the bytes of it.
        threads: threads of a forward pass.
        name: name of the file, for messages.
        tensorrt: options of TensorRT, where it is preferred to CUDA.
        on_cpu: leave the GPU out.

    Raises:
        ModelLoadError: the runtime does not load the graph.
    """
    wanted = providers.wanted([CPU]) if on_cpu else _providers(tensorrt)
    with _file_of(graph) as source:
        session = _session(source, _options(threads), name=name, wanted=wanted)
    if GPU in session.get_providers():
        logger.info("ONNX Runtime runs on the GPU")
    elif GPU in wanted:
        logger.warning("ONNX Runtime found no usable GPU and runs on the CPU")
    return session


def optimised(graph: Path | bytes, *, name: str) -> OptimisedGraph | None:
    """Optimise the graph for sessions that share its weights; None where files cannot be written."""
    try:
        _remove_forsaken()
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    except OSError as error:
        logger.warning("%s: each worker has weights of its own, because there is no folder for files: %s", name, error)
        return None
    options = _options(1)
    options.optimized_model_filepath = str(folder / _GRAPH)
    options.add_session_config_entry("session.optimized_model_external_initializers_file_name", _WEIGHTS)
    options.add_session_config_entry("session.optimized_model_external_initializers_min_size_in_bytes", _LEAST_BYTES)
    made = OptimisedGraph(folder, name=name)
    try:
        with _file_of(graph) as source:
            _session(source, options, name=name)
        made.opened(threads=1)
    except ModelLoadError as error:
        shutil.rmtree(folder, ignore_errors=True)
        logger.warning("%s: each worker has weights of its own: %s", name, error)
        return None
    return made


def _locked(folder: Path, flags: int = 0) -> int | None:
    """Take the lock of a folder, which forked processes hold, too, as long as one of them lives.

    Returns:
        Its descriptor; None where another process has it, or there is none.
    """
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | flags, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


def _remove(folder: Path, owner: int, lock: int | None) -> None:
    """Remove the files, unless this is a process forked from the one that made them."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
    if lock is not None:
        os.close(lock)


def _remove_forsaken() -> None:
    """Remove folders whose processes were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if (lock := _locked(folder)) is not None:
            _remove(folder, os.getpid(), lock)


def _providers(tensorrt: Options | None = None) -> list[str | tuple[str, Options]]:
    """Execution providers that are wanted here, the preferred one first."""
    import onnxruntime

    return providers.wanted(onnxruntime.get_available_providers(), tensorrt)


def _options(threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads spin while they wait for the next layer, which is fast, and would go on spinning until the next frame.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    if GPU not in _providers():
        _register_shared_arena()
        options.add_session_config_entry("session.use_env_allocators", "1")
        # One block for all maps of a forward pass would fit no gap that another pass left.
        options.enable_mem_pattern = False
    return options


@functools.cache
def _register_shared_arena() -> None:
    """Give all sessions of this process one arena.

    An arena keeps the memory of its busiest moment, and the sessions of a worker are not busy at the same time.
    """
    import onnxruntime

    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg(0, _BY_DOUBLING, -1, -1))


def _session(
    graph: str | bytes, options: Any, *, name: str, wanted: list[str | tuple[str, Options]] | None = None
) -> Any:
    import onnxruntime

    wanted = wanted or _providers()
    if GPU in wanted:
        onnxruntime.preload_dlls()  # CUDA and cuDNN from their wheels, which no loader path names
    try:
        return onnxruntime.InferenceSession(graph, options, providers=wanted, disabled_optimizers=UNSOUND)
    except Exception as error:  # the runtime's own exception classes are not exported
        said = _PLACE_IN_ITS_SOURCE.sub("", str(error))
        raise ModelLoadError(f"{name} is not a graph that ONNX Runtime loads: {said}") from error


@contextlib.contextmanager
def _file_of(graph: Path | bytes) -> Iterator[str | bytes]:
    """Provide the path of a graph. Bytes get a file in memory: a session would keep them beside its weights."""
    with contextlib.ExitStack() as stack:
        source: str | bytes = str(graph) if isinstance(graph, Path) else graph
        if isinstance(graph, bytes):
            with contextlib.suppress(OSError):  # not every sandbox allows such files
                file = stack.enter_context(os.fdopen(os.memfd_create("graph"), "wb"))
                file.write(graph)
                file.flush()
                source = f"/proc/self/fd/{file.fileno()}"
        yield source
