"""Exporters, and their own post-processing. They run in ``.venv/parity`` and import nothing of the product.

Weights are random, from a fixed seed, for there is none to be downloaded; the statistics of the frames and the spread
of the scores are set, so that there is something to compare.
"""
