"""Arithmetic on decoded frames and boxes: preprocessing, alignment of faces, detections.

Pure functions of arrays; no model, no request.
"""
