"""The stack with a public bucket, on which ``cdk synth --context nag=true`` has to fail."""

from aws_cdk import App
from aws_cdk.aws_s3 import CfnBucket

from stacks.checks import security_checks
from stacks.ipc_ai_saas_stack import IpcAiSaasStack

app = App()
stack = IpcAiSaasStack(app, "careless")
CfnBucket(stack, "Public", access_control="PublicRead")
security_checks.add_if_asked_for(app)
app.synth()
