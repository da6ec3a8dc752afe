"""Start of the process of a user's program, with the standard library alone until the reason of a failure can be told.

A package of the user's may be a release beside which the hooks' own modules cannot be imported.
"""

from __future__ import annotations

import logging
import socket
import sys

from ipc_ai_serving import logs
from ipc_ai_serving.hooks import wire

logger = logging.getLogger(__name__)


def main() -> None:
    """Run ``process.main``; where that cannot be imported, log why and tell the worker that no model is loaded."""
    try:
        from ipc_ai_serving.hooks import process
    except Exception as error:
        logs.configure()
        logger.exception(
            "model could not be loaded: a package of requirements.txt is of a release beside which the serving program "
            "does not run; name another one: %s: %s",
            type(error).__name__,
            error,
        )
        wire.send(socket.socket(fileno=int(sys.argv[1])), False)
        return
    process.main()
