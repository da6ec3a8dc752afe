"""The dashboard, and alarms on the API and its function.

Metrics and the alarm topic are in ``telemetry``; the endpoint's own alarms, which guard its updates, in ``endpoint``.
"""
