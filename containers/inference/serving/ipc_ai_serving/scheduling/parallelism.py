"""Numbers of workers, threads and waiting requests that serve a model best; decisions 0040 and 0041 have the figures.

There is a worker a core: in one process the Python code of several requests would take turns. With ONNX Runtime, which
runs several requests beside each other in one process, workers share the cores: a lone request gets several, and a core
that one worker leaves idle another uses, however the connections of a fleet are spread. The other engines run one
request at a time, on one core.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable
from dataclasses import dataclass

from ipc_ai_catalogue import CUSTOM
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.scheduling import usable_cores
from ipc_ai_serving.settings import Settings, settings

_SHARES_CORES = "onnxruntime"
_MOST_THREADS = 4
"""Most threads of one forward pass, and most requests of one worker at once: more gain little and cost memory."""

QUEUE_LIMIT = 16
"""Requests in work or waiting for each core."""

_BATCHES_IN_WORK = 2


@dataclass(frozen=True, kw_only=True)
class Parallelism:
    """Processes and threads that share the machine's cores.

    Attributes:
        workers: worker processes.
        engine_threads: threads of an engine in one worker.
        cores: that one worker uses at once, for decoding and for forward passes: its share.
        shared_cores: of all workers together, each of which borrows what others leave idle; 0 where each keeps to its
            own.
        queue_limit: requests in work or waiting in one worker, or in all of them where they share the cores; more get
            503 at once.
        loads_before_fork: whether one process loads the model and its workers share the memory.
    """

    workers: int
    engine_threads: int
    cores: int
    shared_cores: int
    queue_limit: int
    loads_before_fork: bool


@functools.cache
def parallelism() -> Parallelism:
    """The parallelism of this program."""
    return fitted(settings())


def fitted(chosen: Settings) -> Parallelism:
    """Fit the parallelism to the model and the machine; numbers in the settings come first."""
    machine = usable_cores.count()
    workers = chosen.workers or (1 if chosen.gpu else machine)
    cores = max(1, machine // workers)
    # Neither threads nor a CUDA context survive a fork, so the process that forks must have none. A user's own program
    # may have any, and may bring other releases of packages than that process has imported.
    forks_loaded = chosen.application_type != CUSTOM and not chosen.gpu
    if forks_loaded and set(_engines(chosen)) == {_SHARES_CORES}:
        return Parallelism(
            workers=workers,
            engine_threads=chosen.engine_threads or min(_MOST_THREADS, machine),
            cores=cores,
            shared_cores=machine,
            queue_limit=chosen.queue_limit or QUEUE_LIMIT * machine,
            loads_before_fork=True,  # ONNX Runtime's threads are made anew in each process
        )
    threads = chosen.engine_threads or (machine if chosen.gpu else 1)
    return Parallelism(
        workers=workers,
        engine_threads=threads,
        cores=cores,
        shared_cores=0,
        # While a GPU computes one batch, the next one is decoded.
        queue_limit=chosen.queue_limit
        or max(QUEUE_LIMIT, _BATCHES_IN_WORK * chosen.max_batch_size if chosen.gpu else 0),
        loads_before_fork=forks_loaded and threads == 1,
    )


def _engines(chosen: Settings) -> Iterable[str]:
    """The engines of the model's parts; none where it is not found, which loading it will report."""
    # Not for a user's own program, which may bring other releases of what this imports.
    import ipc_ai_catalogue as catalogue
    from ipc_ai_serving import model_folder

    with contextlib.suppress(ModelLoadError, catalogue.CatalogueError):
        parts = chosen.model_name.split("+")
        return [model_folder.chosen(name, chosen, model_dir=chosen.model_dir).model.engine for name in parts]
    return []
