"""The CDK side: ``ipc_ai_saas_stack`` wires the rooms below it into one stack.

Imports point down this list: monitoring, ingest, api, functions, endpoint, events, assets, access, telemetry,
parameters, checks. No code of a container, a function or the workbench is imported.
"""
