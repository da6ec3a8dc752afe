"""The verbs of the command line, one module each: arguments and story only.

The work is done by the libraries in the folders beside this one.
"""
