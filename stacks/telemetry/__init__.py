"""Metrics of the function, retention of logs, and the topic of the alarms.

Alarms are made in the room of the resource that they watch, or in ``monitoring``.
"""
