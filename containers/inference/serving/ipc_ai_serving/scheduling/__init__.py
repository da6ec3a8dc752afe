"""Cores and memory that requests share: how many workers and threads, who computes when, who waits.

Nothing here knows what is computed.
"""
