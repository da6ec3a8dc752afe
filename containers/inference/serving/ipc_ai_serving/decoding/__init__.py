"""Checks of encoded images before OpenCV sees them: headers of JPEG, PNG and others, chunks of a PNG.

No pixel is decoded here; `images` does that.
"""
