"""Asynchronous requests that are done: the function that completes their events, and the alarms on those that failed.

Everything here exists with ``endpointType=async`` alone. The topic that SageMaker tells is the endpoint's.
"""
