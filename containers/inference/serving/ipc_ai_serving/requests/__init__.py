"""Bodies of requests: content types, images within JSON, objects of S3.

Bytes become values here; pixels are the business of `decoding` and `images`.
"""
