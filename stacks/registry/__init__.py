"""The registry of cameras: its tables, the authorizer in front of the API, the watch over silence, and their alarms.

Everything here exists with ``apiAuthorization=CAMERA`` or ``CAMERA_IAM`` alone, the authorizer with the first of them.
"""
