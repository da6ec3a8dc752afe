"""Camera side of the API: sends frames in each wire format, draws and reports the answers.

Nothing here knows AWS beyond a signature.
"""
