"""The operator's and the camera's side: ``python -m workbench VERB``, one module a verb.

Nothing else imports it.
"""
