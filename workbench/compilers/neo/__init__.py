"""SageMaker Neo: source, target, job and result of a compilation in the account."""
