"""The operator's choices at deployment, and rules against choices that do not fit together.

No resource is made here.
"""
