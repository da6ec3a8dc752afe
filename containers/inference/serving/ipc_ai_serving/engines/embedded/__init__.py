"""Models that installed packages ship: the detectors of OpenCV and dlib, and dlib's face network.

No file of a model folder is read here.
"""

from ipc_ai_serving.engines.embedded.engine import load

__all__ = ["load"]
