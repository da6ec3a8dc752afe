"""The CDK side: one stack, one construct a concern."""
