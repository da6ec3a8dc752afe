"""cdk-nag's AwsSolutions rules, where the stack is checked: ``cdk synth --context nag=true``, as `make templates` does.

An operator's synth has no need of them, nor of their package.
"""

from __future__ import annotations

from aws_cdk import App, Validations

CONTEXT = "nag"


def add_if_asked_for(app: App) -> None:
    """Lets the synth of an app fail on every finding that ``stacks.checks.acknowledgements`` does not let through."""
    if app.node.try_get_context(CONTEXT):
        from cdk_nag import AwsSolutionsChecks

        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
