"""From GluonCV's model zoo to a model folder as the container reads it."""
