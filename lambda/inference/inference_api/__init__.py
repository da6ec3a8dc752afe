"""The function behind ``POST /inference``.

The flow of a request: ``handler`` -> ``frames`` (parse) -> ``endpoint`` (infer) -> ``event_store`` (store)
-> ``handler`` (respond).
"""
