"""What the service costs beside a plain server, and beside the bare work; ``python -m workbench.speed``."""
