"""Files that cameras upload to ``incoming/`` of the events bucket: the notification, the file and its deletion.

Inference and storing are the same as the API's and live outside.
"""
