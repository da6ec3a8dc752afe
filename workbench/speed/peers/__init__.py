"""Servers of the same model as a user would write them with a framework instead of this product.

Each is a program of its own: they import the frameworks of ``requirements-bench.txt`` and nothing of the product's
server. They must do nothing that makes them slower than a careful user's.
"""
