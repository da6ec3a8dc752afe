"""Import path of the container's serving program, for verbs that run models as the container does."""

from __future__ import annotations

import os
import sys

from workbench import places


def make_importable() -> None:
    """Put the program's folder onto the path and set the variables that MXNet reads at import."""
    cores = usable_cores()  # its module is of the program, so from here on it can be imported
    # The reason is in gunicorn.conf.py.
    os.environ.setdefault("MXNET_SUBGRAPH_BACKEND", "NONE")
    os.environ.setdefault("OMP_NUM_THREADS", str(cores))


def usable_cores() -> int:
    """Cores that the program uses on this machine: no more than a container's CPU quota pays for."""
    if str(places.SERVING_SOURCES) not in sys.path:
        sys.path.append(str(places.SERVING_SOURCES))
    from ipc_ai_serving.scheduling import usable_cores as usable

    return usable.count()
