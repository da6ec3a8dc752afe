"""Images and code that a deployment brings along, built by the CDK or published before.

No Lambda function, SageMaker model or IAM role is made here.
"""
