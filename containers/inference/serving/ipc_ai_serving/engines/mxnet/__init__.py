"""MXNet: the engine, and the defaults of a user's own MXNet program.

MXNet is imported where it is used, so that the serving core runs without it.
"""

from ipc_ai_serving.engines.mxnet.engine import load

__all__ = ["load"]
