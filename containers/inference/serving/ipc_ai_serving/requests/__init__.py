"""Bodies of requests: content types, images within JSON, objects of S3.

Bytes become values here; `decoding` and `images` deal with pixels.
"""
