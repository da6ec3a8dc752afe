"""Cameras that upload files: queues, the function that turns files into events, and its alarms.

Everything here exists with ``ingestFromS3=Yes`` alone; requests of the API never pass through it.
"""
