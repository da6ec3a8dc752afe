"""Measure what serving costs beside a plain server and beside the bare work."""

from workbench.speed.command import add_arguments, run

__all__ = ["add_arguments", "run"]
