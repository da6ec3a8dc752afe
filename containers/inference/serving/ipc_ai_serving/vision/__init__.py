"""Arithmetic on decoded frames and boxes: preprocessing, alignment of faces, detections.

All are pure functions of arrays, without models and requests.
"""
