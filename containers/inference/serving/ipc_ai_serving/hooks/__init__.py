"""SageMaker's four hooks: the search for an application, a user's own program, its packages and process, the defaults.

The built-in applications live in `applications`; requests come from `server`, which speaks HTTP.
"""
