"""The runtime, log and version that every Lambda function of the service shares.

Each function's own role, settings and trigger are in ``api`` or ``ingest``.
"""
