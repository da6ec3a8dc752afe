"""Checks of encoded images before OpenCV gets them: headers and orientation in all formats, chunks of a PNG.

No pixel is decoded here; `images` does that.
"""
