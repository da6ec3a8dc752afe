"""CDK entry point: ``npx cdk synth`` and ``npx cdk deploy --parameters applicationType=...`` run this."""

import sys
from pathlib import Path

from stacks.assets.file_modes import make_assets_readable
from stacks.checks import security_checks
from stacks.checks.template_validation import validating_app
from stacks.context import STACK_NAME, require_known, stack_name
from stacks.errors import StackError
from stacks.ipc_ai_saas_stack import IpcAiSaasStack

app = validating_app()
try:
    require_known(app.node.get_all_context())
    IpcAiSaasStack(
        app,
        stack_name(app.node.try_get_context(STACK_NAME)),
        description="AI as a service for fleets of IP cameras",
    )
except StackError as error:
    sys.exit(str(error))
security_checks.add_if_asked_for(app)
make_assets_readable(Path(app.synth().directory))
