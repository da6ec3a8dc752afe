"""The operator's hand on the registry of cameras: its tables, files of many cameras, lists, words for cameras' menus.

It works with the operator's own AWS identity, and never through the public API.
"""
