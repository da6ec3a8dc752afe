"""SageMaker's four hooks: the search for an application, a user's own program and its packages, the defaults.

The built-in applications live in `applications`; nothing here knows HTTP.
"""
