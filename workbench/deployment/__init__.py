"""The operator's AWS account: what is deployed there, and how a deployment is planned, made and undone.

No template is rendered here; `template` does that.
"""
