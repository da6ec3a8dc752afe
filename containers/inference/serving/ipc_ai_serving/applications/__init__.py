"""Built-in applications: a module with SageMaker's four hooks for each value of ``applicationType``."""
