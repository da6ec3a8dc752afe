"""TensorRT: its libraries, and the engines that it builds for one GPU, kept in the model's folder.

Building takes minutes. It is done once, where the model folder has a folder ``tensorrt``, which ``ipc-ai compile
--target tensorrt`` writes, or where the environment asks for it. A file beside the engines says what they were built
for.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import fcntl
import functools
import hashlib
import importlib.util
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipc_ai_catalogue import ModelInput
from ipc_ai_serving.engines.onnxruntime import providers, sessions
from ipc_ai_serving.engines.onnxruntime.feeds import Feeds
from ipc_ai_serving.errors import ModelLoadError

logger = logging.getLogger(__name__)

FOLDER = "tensorrt"
_STAMP = "built-for.json"
_LIBRARIES = ("libnvinfer.so.10", "libnvinfer_plugin.so.10", "libnvonnxparser.so.10")
"""The release that ONNX Runtime 1.31 links to; its own loader does not look into NVIDIA's wheel."""

_WHEEL = "tensorrt_libs"
_DRIVER = "libcuda.so.1"
_NAME_BYTES = 256


@dataclass(frozen=True, kw_only=True)
class BuiltFor:
    """Everything that engines depend on.

    Attributes:
        gpu: name of the GPU.
        tensorrt: its release, as its library numbers it.
        onnxruntime: release of ONNX Runtime.
        graph: SHA-256 of the graph's file.
        profile: shapes of its inputs.
    """

    gpu: str
    tensorrt: str
    onnxruntime: str
    graph: str
    profile: Mapping[str, str]


def missing() -> str | None:
    """Name what TensorRT lacks on this machine; None where nothing is missing."""
    import onnxruntime

    if providers.TENSORRT not in onnxruntime.get_available_providers():
        return "this ONNX Runtime has no TensorRT provider, which the package onnxruntime-gpu has"
    if gpu_name() is None:
        return "there is no NVIDIA GPU, or no driver of it"
    onnxruntime.preload_dlls()  # the libraries of CUDA, which TensorRT's link to
    absent = [name for name in _LIBRARIES if _library(name) is None]
    return f"{', '.join(absent)} of TensorRT 10 cannot be loaded" if absent else None


def gpu_name() -> str | None:
    """Name of the first GPU, from NVIDIA's driver; None without one."""
    driver, device, name = _library(_DRIVER), ctypes.c_int(), ctypes.create_string_buffer(_NAME_BYTES)
    if driver is None or driver.cuInit(0) != 0 or driver.cuDeviceGet(ctypes.byref(device), 0) != 0:
        return None
    if driver.cuDeviceGetName(name, _NAME_BYTES, device) != 0:
        return None
    return name.value.decode()


def session(graph: Path, spec: ModelInput, *, max_batch_size: int) -> Any:
    """Open a session that TensorRT computes, with the engines that were kept, or with new ones, which are then kept.

    Args:
        graph: the published graph's file: the runtime tells engines apart by its name.
        spec: the model's input.
        max_batch_size: most frames of a batch.

    Returns:
        The session; None where the runtime does without TensorRT.

    Raises:
        ModelLoadError: the graph does not load, or takes other inputs than those of its description.
    """
    inputs = sessions.opened(graph, threads=1, name=graph.name, on_cpu=True).get_inputs()
    feeds = Feeds(inputs, tensor=spec.tensor, layout=spec.layout, also=spec.also, name=graph.name)
    declared = {each.name: each.shape for each in inputs}
    profile = providers.profile(feeds, declared, providers.shapes(declared[spec.tensor], spec, max_batch_size))
    wanted = _this_machine(graph, profile)
    with _locked(graph.parent):  # several workers would build the same engines
        cache = _cache(graph.parent / FOLDER, wanted)
        found = sessions.opened(graph, threads=1, name=graph.name, tensorrt=providers.tensorrt_options(cache, profile))
        if providers.TENSORRT not in found.get_providers() or not any(cache.glob("*.engine")):
            logger.warning("%s: TensorRT computes no part of the graph", graph.name)
            return None
        if stamp(cache) != wanted:
            (cache / _STAMP).write_text(json.dumps(dataclasses.asdict(wanted), indent=2) + "\n", encoding="utf-8")
    logger.info("%s runs on TensorRT with the engines in %s", graph.name, cache)
    return found


def _this_machine(graph: Path, profile: Mapping[str, str]) -> BuiltFor:
    import onnxruntime

    library = _library(_LIBRARIES[0])
    assert library is not None
    with graph.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return BuiltFor(
        gpu=gpu_name() or "",
        tensorrt=str(library.getInferLibVersion()),
        onnxruntime=onnxruntime.__version__,
        graph=digest,
        profile=profile,
    )


def _cache(stored: Path, wanted: BuiltFor) -> Path:
    """Choose the folder for engines: the model's, or one of this machine's where the model's cannot be written.

    What was built for something else is removed.
    """
    there = stamp(stored)
    if there == wanted:
        return stored
    if there is not None:
        logger.warning(
            "the engines in %s were built for %s, and are built anew: %s", stored, *_difference(there, wanted)
        )
    cache = stored
    if not os.access(stored if stored.exists() else stored.parent, os.W_OK):
        digest = hashlib.sha256(json.dumps(dataclasses.asdict(wanted)).encode()).hexdigest()
        cache = Path(tempfile.gettempdir()) / f"serving-tensorrt-{os.getuid()}-{digest[:16]}"
        logger.info("%s cannot be written; TensorRT's engines are kept in %s", stored, cache)
    cache.mkdir(mode=0o755, exist_ok=True)
    if cache.stat().st_uid != os.getuid():
        raise ModelLoadError(f"{cache} belongs to another user, whose engines are not loaded; remove it")
    if stamp(cache) != wanted:
        for old in cache.iterdir():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    return cache


def _difference(there: BuiltFor, wanted: BuiltFor) -> tuple[str, str]:
    """Return the first value that differs, as it is there and as it is wanted."""
    was, is_now = dataclasses.asdict(there), dataclasses.asdict(wanted)
    name = next(name for name in was if was[name] != is_now[name])
    return f"{name} {was[name]}", f"{name} {is_now[name]}"


def stamp(folder: Path) -> BuiltFor | None:
    """Tell what the engines of a folder were built for; None where there are none, or not all."""
    try:
        return BuiltFor(**json.loads((folder / _STAMP).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # not every file system has locks
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


@functools.cache
def _library(name: str) -> Any:
    """Load a library of NVIDIA's wheel, else of the loader's path; None where there is none."""
    wheel = importlib.util.find_spec(_WHEEL)
    folders = [Path(each) for each in (wheel.submodule_search_locations or [])] if wheel else []
    for each in (*(str(folder / name) for folder in folders), name):
        with contextlib.suppress(OSError):
            return ctypes.CDLL(each)
    return None
