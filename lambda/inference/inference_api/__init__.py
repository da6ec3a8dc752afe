"""The function behind ``POST /inference``.

An asynchronous endpoint has ``async_endpoint`` for ``endpoint``, and ``GET /inference/ID`` for answers that take longer.

The flow of a request: ``handler`` -> ``frames`` (parse) -> ``endpoint`` (infer) -> ``event_store`` (store)
-> ``handler`` (respond).
"""
