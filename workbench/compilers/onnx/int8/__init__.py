"""Graphs of 8 bits: which layers become so, and how much accuracy that costs."""
