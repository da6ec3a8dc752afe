"""Metrics of the function, retention of logs, and the topic of the alarms.

Alarms themselves are beside what they watch.
"""
