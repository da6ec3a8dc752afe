"""Alias under which users' programs import ``frames``, ``images`` and ``errors``.

A user's own package of this name comes first on the path and replaces it.
"""
