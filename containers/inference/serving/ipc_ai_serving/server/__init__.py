"""The HTTP side of a worker: gunicorn's worker, the WSGI application, the host that runs the hooks.

No image is decoded and no model runs here; the hooks do both.
"""
