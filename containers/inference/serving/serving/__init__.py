"""The name under which users' programs import ``frames``, ``images`` and ``errors``.

A package of the user's own with this name comes first on the path and replaces it.
"""
