"""Measurements that several verbs take: processes, memory, percentiles.

What is measured, and what it means, is the verbs' own.
"""
