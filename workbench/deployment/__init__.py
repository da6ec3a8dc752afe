"""Deployment into the operator's AWS account: planned, made and undone.

No template is rendered here; `template` does that.
"""
