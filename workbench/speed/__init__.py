"""Measure serving beside other servers of the same model and beside the bare work, as ``make bench`` does."""

from workbench.speed.command import add_arguments, run

__all__ = ["add_arguments", "run"]
