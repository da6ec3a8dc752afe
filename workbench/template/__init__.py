"""Template of the stack: synthesized, rendered for parameters, and read as a stack.

No AWS is called here.
"""
