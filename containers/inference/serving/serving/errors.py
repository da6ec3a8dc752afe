"""Alias of :mod:`ipc_ai_serving.errors`."""

import sys

from ipc_ai_serving import errors

sys.modules[__name__] = errors
