"""The CDK side: ``ipc_ai_saas_stack`` wires the rooms below it into one stack.

Imports point down this list: monitoring, api, ingest, registry, functions, endpoint, events, assets, access,
telemetry, parameters, checks. No code of a container, a function or the workbench is imported.
"""

import sys
from pathlib import Path

# The catalogue's package lies in a folder of its own, as images copy it.
sys.path.append(str(Path(__file__).resolve().parent.with_name("catalogue")))
