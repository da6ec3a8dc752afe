"""Export from GluonCV's model zoo to a model folder for the container."""
