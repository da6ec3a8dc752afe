"""Errors that end a synthesis with one line.

::

    StackError
    ├── BundlingError                a function's dependencies could not be installed
    ├── ContextValueError            a name or value of the CDK's context is not one of those allowed
    └── CustomizedApplicationError   the folder of a customized application cannot be built
"""

from __future__ import annotations


class StackError(Exception):
    """Root of all errors of the stack; its text is shown to the operator."""


class BundlingError(StackError):
    """The dependencies could not be installed."""


class ContextValueError(StackError):
    """A name or value of the CDK's context is not one of those allowed."""


class CustomizedApplicationError(StackError):
    """The folder of a customized application cannot be built."""
