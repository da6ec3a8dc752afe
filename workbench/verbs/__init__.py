"""Verbs of the command line, one module each: arguments and story only.

The libraries in the folders beside this one do the work.
"""
