"""Built-in applications: modules with SageMaker's four hooks, one a value of ``applicationType``."""
