"""The REST API that cameras call: methods, authorization, deployments, answers, logs, and the function behind it.

How a function is packed and versioned is in ``functions``; alarms on the API are in ``monitoring``.
"""
