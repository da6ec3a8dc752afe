"""Measure the serving program beside what it is compared with, and print how it stands to each target."""

from workbench.speed.command import add_arguments, run

__all__ = ["add_arguments", "run"]
