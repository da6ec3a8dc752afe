"""How many workers and threads serve a model best on a machine with so many cores.

A small network gains nothing from a second thread: its layers are over before the other has begun, and requests side by
side keep all cores busy. A large one does, and a camera that waits alone gets its answer in half the time;
docs/performance.md has the measurements.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import catalogue
from serving import model_folder
from serving.errors import ModelLoadError

if TYPE_CHECKING:
    from serving.settings import Settings

_LARGE_BYTES = 32 * 1024 * 1024
"""Weights of a network that needs a tenth of a second or more a frame on one core of 2026; small ones have a tenth."""

_THREADS_OF_LARGE = 4


def fitted(settings: Settings, *, cores: int) -> Settings:
    """The settings with workers and threads for the model that they name: a large one has several threads a worker.

    Args:
        settings: with a worker a core, of one thread.
        cores: of the machine.
    """
    if settings.gpu or settings.application_type == "custom" or _weights(settings) < _LARGE_BYTES:
        return settings
    threads = min(cores, _THREADS_OF_LARGE)
    return replace(settings, workers=-(-cores // threads), engine_threads=threads, decoders=threads)


def _weights(settings: Settings) -> int:
    """Bytes of the model's files; 0 where it is not found, which whoever loads it will say."""
    with contextlib.suppress(ModelLoadError, catalogue.CatalogueError):
        return sum(path.stat().st_size for path in _files(settings))
    return 0


def _files(settings: Settings) -> Iterable[Path]:
    known = catalogue.load()
    for name in settings.model_name.split("+"):
        folder = model_folder.find(
            name,
            settings.application_type,
            model_dir=settings.model_dir,
            model_store=settings.model_store,
            catalogue=known,
        )
        yield from folder.files.values()
