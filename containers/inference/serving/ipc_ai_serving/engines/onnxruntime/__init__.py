"""ONNX Runtime: the engine, its sessions, and the graphs as it loads them.

Only `engine` is called from outside of this folder, and `sessions` by models of tables.
"""

from ipc_ai_serving.engines.onnxruntime.engine import load

__all__ = ["load"]
