"""Alias of :mod:`ipc_ai_serving.images`."""

import sys

from ipc_ai_serving import images

sys.modules[__name__] = images
