"""The function behind ``POST /inference``, and the one behind files that cameras upload to S3.

An asynchronous endpoint has ``async_endpoint`` for ``endpoint``, and ``GET /inference/ID`` for late answers.

The flow of a request: ``handler`` -> ``frames`` (parse) -> ``endpoint`` (infer) -> ``event_store`` (store)
-> ``handler`` (respond). The flow of a file: ``ingest`` -> ``notifications`` (parse) -> ``incoming_files`` (read) ->
``endpoint`` (infer) -> ``event_store`` (store) -> ``incoming_files`` (delete).
"""
