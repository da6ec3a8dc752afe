"""cdk-nag's AwsSolutions rules with ``cdk synth --context nag=true``, as `make templates` calls it.

An operator's synth needs neither the rules nor their package.
"""

from __future__ import annotations

from aws_cdk import App, Validations

from stacks.context import SECURITY_CHECKS


def add_if_asked_for(app: App) -> None:
    """Fail the synth of an app on every finding that ``stacks.checks.acknowledgements`` does not accept."""
    if app.node.try_get_context(SECURITY_CHECKS):
        from cdk_nag import AwsSolutionsChecks

        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
