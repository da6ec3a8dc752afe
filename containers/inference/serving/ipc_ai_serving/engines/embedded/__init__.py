"""Detectors that their packages ship: OpenCV's and dlib's, and dlib's face network.

No file of a model folder is read here.
"""

from ipc_ai_serving.engines.embedded.engine import load

__all__ = ["load"]
