"""Measure what serving costs beside a plain server and the bare work, and what each step to make it fast is worth."""

from workbench.speed.command import add_arguments, run

__all__ = ["add_arguments", "run"]
