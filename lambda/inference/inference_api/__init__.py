"""The function behind ``POST /inference``.

An asynchronous endpoint has ``async_endpoint`` for ``endpoint``, and ``GET /inference/ID`` for late answers.

The flow of a request: ``handler`` -> ``frames`` (parse) -> ``endpoint`` (infer) -> ``event_store`` (store)
-> ``handler`` (respond).
"""
