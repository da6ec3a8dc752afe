"""Alias of :mod:`ipc_ai_serving.frames`."""

import sys

from ipc_ai_serving import frames

sys.modules[__name__] = frames
