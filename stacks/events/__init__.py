"""The bucket of frames and results, its lifecycle, and the table over the results.

Functions that write events are in ``api`` and ``ingest``.
"""
